"""Requests that nobody sends by accident. Each is refused or answered, never with an HTTP 500."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson

REFUSED = frozenset({400, 401, 405, 406, 413, 415})


@dataclass(frozen=True)
class Hostile:
    name: str
    body: bytes
    statuses: frozenset[int] = REFUSED
    content_type: str | None = "application/json"
    method: str = "POST"
    path: str = "/graphql"
    headers: dict[str, str] = field(default_factory=dict)
    code: str | None = None
    """`extensions.code` of the first error, where the status is 200."""


def asked(name: str, query: str, code: str | None, **more: object) -> Hostile:
    return Hostile(name, orjson.dumps({"query": query, **more}), frozenset({200}), code=code)


def raw(name: str, body: bytes | str) -> Hostile:
    return Hostile(name, body.encode() if isinstance(body, str) else body, frozenset({400}))


def form(name: str, parts: list[tuple[str, str]], *, preflight: bool = True, status: int = 400) -> Hostile:
    lines = []
    for key, value in parts:
        file = '; filename="a.jpg"' if key.startswith("file") else ""
        lines.append(f'--b\r\nContent-Disposition: form-data; name="{key}"{file}\r\n\r\n{value}\r\n')
    headers = {"graphql-require-preflight": "1"} if preflight else {}
    body = ("".join(lines) + "--b--\r\n").encode()
    return Hostile(name, body, frozenset({status}), "multipart/form-data; boundary=b", headers=headers)


UPLOAD = '{"query":"mutation($f:Upload!){upload(file:$f)}","variables":{"f":null,"l":[null]}}'
QUERY = orjson.dumps({"query": "{viewer}"})

BODIES = [
    raw("text", '"x"'),
    raw("number", "5"),
    raw("null", "null"),
    raw("true", "true"),
    raw("empty", ""),
    raw("space", "   "),
    raw("invalid UTF-8", b'{"query":"\xff\xfe"}'),
    raw("overlong UTF-8", b'{"query":"\xc0\xaf"}'),
    raw("UTF-16", '{"query":"{viewer}"}'.encode("utf-16")),
    raw("two byte order marks", b"\xef\xbb\xbf" * 2 + QUERY),
    raw("5000 digits", '{"query":"{viewer}","variables":{"n":' + "9" * 5000 + "}}"),
    raw("100,000 brackets", "[" * 100_000),
    raw("deep but valid", '{"query":"{viewer}","variables":{"a":' + "[" * 60 + "]" * 60 + "}}"),
    raw("deep objects", '{"query":"{viewer}","variables":' + '{"a":' * 60 + "1" + "}" * 61),
    raw("long list", orjson.dumps({"query": "{viewer}", "variables": {"a": [0] * 1001}})),
    raw("many keys", orjson.dumps({"query": "{viewer}", "variables": {str(n): 0 for n in range(1001)}})),
    raw("NaN", '{"query":"{viewer}","variables":{"n":NaN}}'),
    raw("infinity", '{"query":"{viewer}","variables":{"n":Infinity}}'),
    raw("1e400", '{"query":"{viewer}","variables":{"n":1e400}}'),
    raw("lone surrogate", '{"query":"{viewer}","variables":{"s":"\\ud800"}}'),
    raw("NUL in a variable", '{"query":"{viewer}","variables":{"s":"a\\u0000"}}'),
    raw("NUL in a key", '{"query":"{viewer}","variables":{"a\\u0000":1}}'),
    raw("NUL in the query", '{"query":"{viewer}\\u0000"}'),
    raw("trailing comma", '{"query":"{viewer}",}'),
    raw("two values", '{"query":"{viewer}"}{}'),
    raw("single quotes", "{'query':'{viewer}'}"),
    raw("comment", '{"query":"{viewer}"/*x*/}'),
    raw("batch", '[{"query":"{viewer}"}]'),
    raw("empty batch", "[]"),
    raw("batch of 1000", orjson.dumps([{"query": "{viewer}"}] * 1000)),
    raw("no query", "{}"),
    raw("query null", '{"query":null}'),
    raw("query number", '{"query":5}'),
    raw("query list", '{"query":["{viewer}"]}'),
    raw("query object", '{"query":{"a":1}}'),
    raw("query empty", '{"query":""}'),
    raw("query blank", '{"query":" \\n"}'),
    raw("variables text", '{"query":"{viewer}","variables":"{}"}'),
    raw("variables list", '{"query":"{viewer}","variables":[]}'),
    raw("variables number", '{"query":"{viewer}","variables":1}'),
    raw("operationName number", '{"query":"{viewer}","operationName":1}'),
    raw("operationName list", '{"query":"{viewer}","operationName":["a"]}'),
    raw("extensions text", '{"query":"{viewer}","extensions":"x"}'),
    raw("persisted query", '{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"0"}}}'),
    Hostile("300 KB", orjson.dumps({"query": "{viewer}" + " " * 300_000}), frozenset({413})),
]

TRANSPORT = [
    Hostile("GET query", b"", frozenset({405}), None, "GET", "/graphql?query={viewer}"),
    Hostile("GET mutation", b"", frozenset({405}), None, "GET", "/graphql?query=mutation{note(text:%22a%22)}"),
    Hostile("GET with body", QUERY, frozenset({405}), method="GET"),
    *(
        Hostile(method, QUERY, frozenset({405}), method=method)
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
    ),
    *(
        Hostile(f"content type {kind}", QUERY, frozenset({415}), kind)
        for kind in (
            None,
            "",
            "text/plain",
            "text/plain; x=application/json",
            "application/x-www-form-urlencoded",
            "application/graphql",
            "application/json+x",
            "application/jsonx",
            "text/json",
            "*/*",
            "application/json; charset=utf-16",
            "application/json, text/plain",
            "application/json; x=y",
            "multipart/mixed; boundary=b",
        )
    ),
    Hostile("compressed", QUERY, frozenset({415}), headers={"content-encoding": "gzip"}),
    Hostile("accepts pictures", QUERY, frozenset({406}), headers={"accept": "image/png"}),
    Hostile("accepts nothing", QUERY, frozenset({406}), headers={"accept": "application/json;q=0"}),
    Hostile("event stream", QUERY, frozenset({406}), headers={"accept": "text/event-stream"}),
    Hostile("urlencoded", b"query=%7Bviewer%7D", frozenset({415}), "application/x-www-form-urlencoded"),
]

UPLOADS = [
    form("no preflight", [("operations", UPLOAD), ("map", '{"file":["variables.f"]}'), ("file", "x")], preflight=False),
    form("operations is text", [("operations", '"x"'), ("map", "{}")]),
    form("operations is a list", [("operations", "[" + UPLOAD + "]"), ("map", "{}")]),
    form("operations missing", [("map", "{}")]),
    form("operations twice", [("operations", UPLOAD), ("operations", UPLOAD), ("map", "{}")]),
    form("operations broken", [("operations", "{"), ("map", "{}")]),
    form("map missing", [("operations", UPLOAD)]),
    form("map is a list", [("operations", UPLOAD), ("map", "[]"), ("file", "x")]),
    form("map is null", [("operations", UPLOAD), ("map", "null"), ("file", "x")]),
    form("map target null", [("operations", UPLOAD), ("map", '{"file":null}'), ("file", "x")]),
    form("map target text", [("operations", UPLOAD), ("map", '{"file":"variables.f"}'), ("file", "x")]),
    form("map target empty", [("operations", UPLOAD), ("map", '{"file":[]}'), ("file", "x")]),
    form("map path number", [("operations", UPLOAD), ("map", '{"file":[1]}'), ("file", "x")]),
    form("map path empty", [("operations", UPLOAD), ("map", '{"file":[""]}'), ("file", "x")]),
    form("map to the query", [("operations", UPLOAD), ("map", '{"file":["query"]}'), ("file", "x")]),
    form("map to variables", [("operations", UPLOAD), ("map", '{"file":["variables"]}'), ("file", "x")]),
    form("map to nowhere", [("operations", UPLOAD), ("map", '{"file":["variables.g"]}'), ("file", "x")]),
    form("bad index", [("operations", UPLOAD), ("map", '{"file":["variables.l.7"]}'), ("file", "x")]),
    form("negative index", [("operations", UPLOAD), ("map", '{"file":["variables.l.-1"]}'), ("file", "x")]),
    form("index is a word", [("operations", UPLOAD), ("map", '{"file":["variables.l.x"]}'), ("file", "x")]),
    form("through a null", [("operations", UPLOAD), ("map", '{"file":["variables.f.x"]}'), ("file", "x")]),
    form(
        "map onto a value",
        [("operations", UPLOAD.replace('"f":null', '"f":"kept"')), ("map", '{"file":["variables.f"]}'), ("file", "x")],
    ),
    form("file missing", [("operations", UPLOAD), ("map", '{"file":["variables.f"]}')]),
    form("file not mapped", [("operations", UPLOAD), ("map", "{}"), ("file", "x")]),
    form("dunder path", [("operations", UPLOAD), ("map", '{"file":["variables.__class__"]}'), ("file", "x")]),
    form("three files", [("operations", UPLOAD), ("map", "{}"), *((f"file{n}", "x") for n in range(3))]),
    form("many fields", [("operations", UPLOAD), ("map", "{}"), *((f"x{n}", "x") for n in range(50))]),
    form("large field", [("operations", UPLOAD + " " * 300_000), ("map", "{}")]),
    form(
        "variables null", [("operations", '{"query":"{viewer}"}'), ("map", '{"file":["variables.f"]}'), ("file", "x")]
    ),
    Hostile("no boundary", b"x", frozenset({400}), "multipart/form-data", headers={"graphql-require-preflight": "1"}),
    Hostile(
        "boundary only",
        b"--b",
        frozenset({400}),
        "multipart/form-data; boundary=b",
        headers={"graphql-require-preflight": "1"},
    ),
    Hostile(
        "long boundary",
        b"x",
        frozenset({400}),
        "multipart/form-data; boundary=" + "b" * 1000,
        headers={"graphql-require-preflight": "1"},
    ),
    Hostile(
        "odd charset",
        b"x",
        frozenset({415}),
        "multipart/form-data; charset=zlib; boundary=b",
        headers={"graphql-require-preflight": "1"},
    ),
]


def fan_out(levels: int) -> str:
    spreads = "".join(f"fragment F{n} on Query{{...F{n + 1} ...F{n + 1}}}" for n in range(levels))
    return "{...F0}" + spreads + f"fragment F{levels} on Query{{viewer}}"


def chain(length: int) -> str:
    spreads = "".join(f"fragment F{n} on Query{{...F{n + 1}}}" for n in range(length))
    return "{...F0}" + spreads + f"fragment F{length} on Query{{viewer}}"


def nested(levels: int) -> str:
    return "{stations" + "{cars{station" * levels + "{id}" + "}}" * levels + "}"


BAD, DEAR = "BAD_USER_INPUT", "TOO_EXPENSIVE"
DOCUMENTS = [
    asked("syntax", "{", BAD),
    asked("not GraphQL", "select 1", BAD),
    asked("only a comment", "# x", BAD),
    asked("unknown field", "{nope}", BAD),
    asked("unknown fragment", "{...Nope}", BAD),
    asked("fragment spreads itself", "{...A} fragment A on Query{...A}", BAD),
    asked("two fragments spread each other", "{...A} fragment A on Query{...B} fragment B on Query{...A}", BAD),
    asked("only a fragment", "fragment A on Query{viewer}", BAD),
    asked("unused fragment", "{viewer} fragment A on Query{viewer}", BAD),
    asked("fragment twice", "{...A} fragment A on Query{viewer} fragment A on Query{viewer}", BAD),
    asked("type definition", "type A{a:Int} {viewer}", BAD),
    asked("two anonymous", "{viewer}{viewer}", BAD),
    asked("two named, none chosen", "query A{viewer} query B{viewer}", BAD),
    asked("unknown operationName", "query A{viewer}", BAD, operationName="C"),
    asked("six operations", "".join(f"query Q{n}{{viewer}}" for n in range(6)), DEAR, operationName="Q1"),
    asked("subscription", "subscription{ticks}", BAD),
    asked("empty selection", "{}", None),
    asked("scalar with selection", "{viewer{a}}", BAD),
    asked("object without selection", "{cars}", BAD),
    asked("missing variable", "query($a:String!){echo(text:$a)}", BAD),
    asked("wrong variable", "query($a:Int!){cars(first:$a){totalCount}}", BAD, variables={"a": "x"}),
    asked("too large Int", "query($a:Int!){cars(first:$a){totalCount}}", BAD, variables={"a": 2**31}),
    asked("float as Int", "query($a:Int!){cars(first:$a){totalCount}}", BAD, variables={"a": 1.5}),
    asked("object as text", "query($a:String!){echo(text:$a)}", BAD, variables={"a": {"b": 1}}),
    asked("first 0", "{cars(first:0){totalCount}}", BAD),
    asked("first -1", "{cars(first:-1){totalCount}}", BAD),
    asked("first 101", "{cars(first:101){totalCount}}", BAD),
    asked("first 2^31", "{cars(first:2147483648){totalCount}}", BAD),
    asked("first with 3000 digits", "{cars(first:" + "9" * 3000 + "){totalCount}}", BAD),
    asked("literal 1e999", "{echo(number:1e999)}", BAD),
    asked("literal NUL", '{echo(text:"a\\u0000b")}', BAD),
    asked("literal lone surrogate", '{echo(text:"\\ud800")}', BAD),
    asked("literal list of 1200", "{echo(numbers:[" + "1 " * 1200 + "])}", BAD),
    asked("deep literal list", "{echo(numbers:" + "[" * 150 + "]" * 150 + ")}", BAD),
    asked("400 brackets", "{echo(numbers:" + "[" * 400 + "]" * 400 + ")}", DEAR),
    asked("unknown directive", "{viewer @nope}", BAD),
    asked("variable in default", "query($a:Int=$b){viewer}", BAD),
    asked("upload is text", "mutation($f:Upload!){upload(file:$f)}", BAD, variables={"f": "x"}),
    asked("directive overload", "{viewer" + "@a" * 100 + "}", DEAR),
    asked("include 11 times", "{viewer" + " @include(if:true)" * 11 + "}", DEAR),
    asked("alias overload", "{" + " ".join(f"a{n}:viewer" for n in range(101)) + "}", DEAR),
    asked("31 aliases", "{cars(first:1){nodes{" + " ".join(f"a{n}:id" for n in range(31)) + "}}}", DEAR),
    asked(
        "aliases through fragments",
        "{cars(first:1){nodes{a:id b:station{cars{...F}} c:station{cars{...F}}}}} fragment F on Car{"
        + " ".join(f"a{n}:id" for n in range(15))
        + "}",
        DEAR,
    ),
    asked("field duplication", "{" + "viewer " * 700 + "}", DEAR),
    asked("21 roots", "{" + "viewer " * 21 + "}", DEAR),
    asked("6 mutations", "mutation{" + " ".join(f'a{n}:note(text:"x")' for n in range(6)) + "}", DEAR),
    asked("3001 tokens", "{" + "viewer " * 3001 + "}", DEAR),
    asked("comments", "#\n" * 400 + "{viewer}", DEAR),
    asked("70 KB", "{viewer}" + " " * 70_000, DEAR),
    asked("long text", '{echo(text:"' + "x" * 70_000 + '")}', DEAR),
    asked("depth 15", nested(7), DEAR),
    asked("depth 300", nested(150), DEAR),
    asked("nested lists", nested(5), DEAR),
    asked("nested pages", "{cars(first:100){nodes{station{cars{station{cars{id fuel}}}}}}}", DEAR),
    asked("41 fragments", chain(41), DEAR),
    asked("chain of 500", chain(500), DEAR),
    asked("circular introspection", "{__schema{types{fields{type{fields{type{fields{name}}}}}}}}", BAD),
    asked("wide introspection", "{__schema{types{" + "name " * 400 + "}}}", DEAR),
    asked("deep introspection", '{__type(name:"Car"){' + "ofType{" * 25 + "name" + "}" * 25 + "}}", DEAR),
    *(asked(f"fan-out 2^{levels}", fan_out(levels), DEAR) for levels in (8, 16, 24, 32, 39)),
    *(asked(f"fan-out of {levels} fragments", fan_out(levels), DEAR) for levels in (60, 100)),
]

ALL = [*BODIES, *TRANSPORT, *UPLOADS, *DOCUMENTS]
