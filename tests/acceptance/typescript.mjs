// What both TypeScript clients are asked to do; typescript_v1.mjs and typescript_v2.mjs say how they are made.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const url = new URL(process.env.FLOWSTEAD_MCP_URL);
const key = process.env.FLOWSTEAD_API_KEY;

/** Loads a package of the folder that the runner names. */
export const load = createRequire(`${process.env.FLOWSTEAD_CLIENTS}/node/package.json`);

const text = (result) => result.content.filter((block) => block.type === "text").map((block) => block.text).join("\n");

/**
 * One session: list, call, an error, progress, a prompt. `Client` and `Transport` are the library's classes,
 * `watch(client, call, options)` calls a tool with options.
 */
export async function session({ Client, Transport, watch }, options, revision) {
  const client = new Client({ name: "acceptance", version: "1" }, options);
  const transport = new Transport(url, { requestInit: { headers: { Authorization: `Bearer ${key}` } } });
  await client.connect(transport);
  const at = `at ${revision}: `;
  const spoken = client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion;
  assert.equal(spoken, revision, `${at}the client ended at ${spoken}`);

  const { tools } = await client.listTools();
  const names = tools.map((tool) => tool.name);
  for (const name of ["get_record", "run_flow", "echo_text"]) {
    assert(names.includes(name), `${at}${name} is not listed, these are: ${names}`);
  }

  const record = await client.callTool({ name: "get_record", arguments: { record_type: "FLOW", name: "echo" } });
  assert(!record.isError && text(record).includes('"echo"'), `${at}get_record answered ${text(record)}`);

  const run = await client.callTool({ name: "run_flow", arguments: { flow_name: "echo", input_value: { text: "from a client" } } });
  assert(!run.isError && text(run).includes("from a client"), `${at}run_flow answered ${text(run)}`);

  const echoed = await client.callTool({ name: "echo_text", arguments: { text: "hello" } });
  assert.deepEqual(echoed.structuredContent, { text: "hello" }, `${at}echo_text answered ${text(echoed)}`);

  // These libraries check structured content also of errors and would throw away what the error says.
  const broken = await client.callTool({ name: "always_breaks", arguments: {} });
  assert(broken.isError && text(broken).includes("The cupboard is bare"), `${at}a flow that fails was answered with ${text(broken)}`);
  assert.equal(broken.structuredContent, undefined, `${at}an error has structured content`);

  const seen = [];
  const onprogress = ({ progress }) => seen.push(progress);
  await watch(client, { name: "count_down", arguments: {} }, { onprogress, resetTimeoutOnProgress: true });
  assert(seen.length >= 2, `${at}progress came ${seen.length} times`);
  assert(seen.every((done, n) => n === 0 || done > seen[n - 1]), `${at}progress did not rise: ${seen}`);

  const { prompts } = await client.listPrompts();
  assert(prompts.some((prompt) => prompt.name === "review_flow"), `${at}the prompt is not listed`);
  await client.close();
}

/** A flow asks: the person at this client answers. `answer(client, handler)` says who does. */
export async function asked({ Client, Transport, answer }, options, revision) {
  const client = new Client({ name: "acceptance", version: "1" }, { ...options, capabilities: { elicitation: {} } });
  const questions = [];
  answer(client, async ({ params }) => {
    questions.push(params.message);
    return { action: "accept", content: { name: "Ada" } };
  });
  await client.connect(new Transport(url, { requestInit: { headers: { Authorization: `Bearer ${key}` } } }));
  const greeted = await client.callTool({ name: "ask_name", arguments: {} });
  assert.deepEqual(greeted.structuredContent, { text: "Hello Ada" }, `at ${revision}: ask_name answered ${text(greeted)}`);
  assert.deepEqual(questions, ["Who is there?"], `at ${revision}: asked ${questions}`);
  await client.close();
}

/** Without a key and with a bad one the client must be told 401. */
export async function refused({ Client, Transport }, options, revision) {
  for (const headers of [{}, { Authorization: "Bearer not-a-key" }]) {
    const statuses = [];
    const watching = async (...request) => {
      const answer = await fetch(...request);
      statuses.push(answer.status);
      return answer;
    };
    const client = new Client({ name: "acceptance", version: "1" }, options);
    const connecting = client.connect(new Transport(url, { requestInit: { headers }, fetch: watching }));
    await assert.rejects(connecting, undefined, `at ${revision}: let in with ${JSON.stringify(headers)}`);
    assert(statuses.includes(401), `at ${revision}: answered with ${statuses}, not 401`);
  }
}
