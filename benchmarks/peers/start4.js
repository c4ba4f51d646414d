// PostGraphile 4 without its browser: node start4.js ADDRESS PORT
const { createServer } = require("node:http");
const { postgraphile } = require("postgraphile");

const [connectionString, port] = process.argv.slice(2);
const options = { graphiql: false, enhanceGraphiql: false, watchPg: false, disableQueryLog: true, dynamicJson: true, ignoreRBAC: true };
createServer(postgraphile(connectionString, "public", options)).listen(Number(port), "127.0.0.1");
