// The TypeScript client of the first generation, by far the most used; it speaks the older era only.

import { asked, load, refused, session } from "./typescript.mjs";

const library = {
  Client: load("@modelcontextprotocol/sdk/client/index.js").Client,
  Transport: load("@modelcontextprotocol/sdk/client/streamableHttp.js").StreamableHTTPClientTransport,
  watch: (client, call, options) => client.callTool(call, undefined, options),
  answer: (client, handler) => client.setRequestHandler(load("@modelcontextprotocol/sdk/types.js").ElicitRequestSchema, handler),
};

await session(library, {}, "2025-11-25");
await asked(library, {}, "2025-11-25");
await refused(library, {}, "2025-11-25");
