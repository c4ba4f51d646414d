// Starts GraphiQL with what the page's attributes say.
(function () {
  const place = document.getElementById("graphiql");
  const { endpoint, headers, query } = place.dataset;
  const kept = new Map();
  // Kept in memory only: a token or a customer's name must not stay in the browser.
  const storage = {
    get length() { return kept.size; },
    getItem: (key) => (kept.has(key) ? kept.get(key) : null),
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    clear: () => kept.clear(),
  };
  const props = {
    fetcher: GraphiQL.createFetcher({ url: endpoint || window.location.pathname }),
    plugins: [GraphiQLPluginExplorer.explorerPlugin()],
    visiblePlugin: "Documentation Explorer",
    defaultEditorToolsVisibility: "headers",
    defaultQuery: query,
    query: query,
    headers: headers,
    storage: storage,
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
    inputValueDeprecation: true,
  };
  ReactDOM.createRoot(place).render(React.createElement(GraphiQL, props));
})();
