/** GraphiQL with the session of the office: the cookie says who asks, a shelf has what is asked for daily. */
import "graphiql/setup-workers/vite";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { createRoot } from "react-dom/client";
import { useState } from "react";
import "@graphiql/react/style.css"; // graphiql/style.css is these four and 500 KB of fonts as data: addresses
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "@graphiql/plugin-explorer/style.css";
import "./own.css";

// The styles that Monaco writes carry the page's nonce: style-src-elem needs no 'unsafe-inline'.
const make = document.createElement.bind(document);
document.createElement = (name, options) => {
  const element = make(name, options);
  if (name === "style") element.nonce = document.getElementById("graphiql").dataset.nonce;
  return element;
};
const root = document.getElementById("graphiql");
const words = JSON.parse(document.getElementById("words").textContent); // written by the server: language, shelf, csrf

/** Cookies carry the session; a header that no foreign page can send proves that it was us. */
const fetcher = async ({ query, variables, operationName }, { headers } = {}) => {
  const files = shelfFiles.take(variables);
  const head = { accept: "application/graphql-response+json, application/json", "x-form-token": words.token, ...headers };
  const body = { query, variables, operationName };
  let init = { method: "POST", credentials: "same-origin", headers: { ...head, "content-type": "application/json" }, body: JSON.stringify(body) };
  if (files.length) {
    const form = new FormData();
    form.set("operations", JSON.stringify(body));
    form.set("map", JSON.stringify(Object.fromEntries(files.map(([path], i) => [i, [`variables.${path}`]]))));
    files.forEach(([, file], i) => form.set(String(i), file));
    init = { ...init, headers: head, body: form };
  }
  const answer = await fetch(words.url, init);
  if (answer.status === 401) location.assign(words.signIn);
  const result = await answer.json();
  listeners.forEach((tell) => tell(result));
  return result;
};

/** Files chosen in the side bar: a variable whose value is "@name" is replaced by that file. */
const shelfFiles = {
  chosen: new Map(),
  take(variables) {
    const found = [];
    const walk = (value, path, parent, key) => {
      if (typeof value === "string" && value[0] === "@" && this.chosen.has(value.slice(1))) {
        found.push([path, this.chosen.get(value.slice(1))]);
        parent[key] = null;
      } else if (value && typeof value === "object") for (const [k, v] of Object.entries(value)) walk(v, path ? `${path}.${k}` : k, value, k);
    };
    walk(variables ?? {}, "", null, "");
    return found;
  },
};
const listeners = new Set();

function Shelf() {
  const { addTab } = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const [word, setWord] = useState("");
  const open = (entry) => {
    addTab();
    queryEditor?.setValue(entry.query);
    variableEditor?.setValue(entry.variables);
  };
  const seen = words.shelf.filter((entry) => (entry.title + entry.about).toLowerCase().includes(word.toLowerCase()));
  return (
    <section className="shelf">
      <h2>{words.shelfTitle}</h2>
      <input type="search" aria-label={words.search} placeholder={words.search} value={word} onChange={(event) => setWord(event.target.value)} />
      <ul>{seen.map((entry) => <li key={entry.name}><button type="button" disabled={!queryEditor || !variableEditor} onClick={() => open(entry)}><b>{entry.title}</b><small>{entry.about}</small></button></li>)}</ul>
    </section>
  );
}

function Files() {
  const [names, setNames] = useState([...shelfFiles.chosen.keys()]);
  const [links, setLinks] = useState(lastLinks);
  listeners.tellFiles = setLinks;
  const add = (event) => {
    for (const file of event.target.files) shelfFiles.chosen.set(file.name, file);
    setNames([...shelfFiles.chosen.keys()]);
  };
  return (
    <section className="shelf">
      <h2>{words.filesTitle}</h2>
      <label>{words.chooseFile}<input type="file" multiple onChange={add} /></label>
      <ul>{names.map((name) => <li key={name}><code>"@{name}"</code></li>)}</ul>
      <h2>{words.linksTitle}</h2>
      <ul>{links.map((link) => <li key={link.path}><a href={link.url} target="_blank" rel="noopener">{link.path}</a></li>)}</ul>
    </section>
  );
}
let lastLinks = [];
listeners.add((result) => {
  lastLinks = [];
  const walk = (value, path) => {
    if (typeof value === "string" && /^https?:\/\//.test(value)) {
      const url = new URL(value, location.href);
      if (url.origin === location.origin) lastLinks.push({ path, url: url.href });
    } else if (value && typeof value === "object") for (const [key, inner] of Object.entries(value)) walk(inner, path ? `${path}.${key}` : key);
  };
  walk(result.data, "");
  listeners.tellFiles?.(lastLinks);
});

const icon = (path) => () => <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true"><path d={path} /></svg>;
const shelf = { title: words.shelfTitle, icon: icon("M4 4h4v16H4zM10 4h4v16h-4zM16.5 5l3.8-1 3 15.5-3.8 1z"), content: Shelf };
const files = { title: words.filesTitle, icon: icon("M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 5 5l-8.5 8.5a1.6 1.6 0 0 1-2.5-2.5L15 7"), content: Files };
const plugins = [shelf, HISTORY_PLUGIN, explorerPlugin(), files];

function Page() {
  return (
    <GraphiQL fetcher={fetcher} plugins={plugins} defaultQuery={words.shelf[0].query} isHeadersEditorEnabled={false} showPersistHeadersSettings={false} maxHistoryLength={50} visiblePlugin={shelf.title}>
      <GraphiQL.Logo><a href="/office/">Ersatzwagen</a></GraphiQL.Logo>
    </GraphiQL>
  );
}
createRoot(root).render(<Page />);
