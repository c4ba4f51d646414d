"""The back office: pages for people who are no programmers, in German and English, below `/office`.

A page never calls a service. It reads and writes with the documents of `documents/`, through the public API and as the
person who has signed in: what the office can do, the API can, and its scope, limits and rules hold by themselves.
"""
