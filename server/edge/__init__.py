"""The HTTP edge of the GraphQL API: everything between a socket and a resolver. It knows nothing of rentals.

A request passes, in this order:

    endpoint.py    method, content type, preflight header, token
    bodies.py      the body: counted while it arrives, strict JSON, multipart with at most two files
    documents.py   parsed, measured and validated once per text, then kept
    guard.py       depth, fields, aliases, cost; refuses before validation and before execution
    running.py     places, deadlines, what happens when the caller hangs up
    answers.py     errors as the API promises them, with everything unexpected masked

literals.py and cost_rows.py belong to the guard, and costs.py says how many elements a list is taken for. uploads.py is
the scalar for files, and limits.py holds middlewares that other routes use too.
"""
