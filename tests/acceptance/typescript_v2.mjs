// The TypeScript client of the second generation, in both eras.

import { asked, load, refused, session } from "./typescript.mjs";

const { Client, StreamableHTTPClientTransport } = load("@modelcontextprotocol/client");
const library = {
  Client,
  Transport: StreamableHTTPClientTransport,
  watch: (client, call, options) => client.callTool(call, options),
  answer: (client, handler) => client.setRequestHandler("elicitation/create", handler),
};

for (const [mode, revision] of [["legacy", "2025-11-25"], ["auto", "2026-07-28"]]) {
  const options = { versionNegotiation: { mode } };
  await session(library, options, revision);
  await asked(library, options, revision);
  await refused(library, options, revision);
}
