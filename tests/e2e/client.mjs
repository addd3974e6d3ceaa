// Runs the cases of standard input (a JSON array, see cases.py) with the official SDKs, on Node and Bun alike.
// A JSON line tells when the first piece of a streamed answer has arrived, another what came of the case.

import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { readFileSync } from "node:fs";

const AT_ONCE = 8;
const TIMEOUT = 20_000;

const join = (parts, pick) => parts.map((part) => pick(part) ?? "").join("");
const options = (it) => ({ baseURL: it.base, apiKey: it.key, defaultHeaders: it.headers, maxRetries: 0, timeout: TIMEOUT });

const anthropic = {
  whole: (it) => new Anthropic(options(it)).messages.create(it.request),
  async stream(it, signal, onPiece) {
    const stream = new Anthropic(options(it)).messages.stream(it.request, { signal });
    for await (const event of stream) if (event.type === "content_block_delta") onPiece();
    return stream.finalMessage();
  },
  tell: (message) => ({
    id: message.id,
    model: message.model,
    text: join(message.content, (block) => block.text),
    thinking: join(message.content, (block) => block.thinking),
    tool_calls: message.content.filter(({ type }) => type === "tool_use").map(({ id, name, input }) => ({ id, name, args: input })),
    stop_reason: message.stop_reason,
    usage: message.usage,
  }),
};

const thought = (said) => said?.reasoning_content ?? said?.reasoning; // OpenRouter's name is the second; the SDK knows neither

const chat = {
  whole: (it) => new OpenAI(options(it)).chat.completions.create(it.request),
  async stream(it, signal, onPiece) {
    const stream = new OpenAI(options(it)).chat.completions.stream(it.request, { signal });
    let thinking = "";
    for await (const { choices } of stream) {
      thinking += thought(choices[0]?.delta) ?? "";
      if (choices[0]?.delta.content || thinking) onPiece();
    }
    return { thinking, ...(await stream.finalChatCompletion()) };
  },
  tell: ({ id, model, usage, thinking, choices: [{ message, finish_reason }] }) => ({
    id,
    model,
    text: message.content ?? "",
    thinking: thinking ?? thought(message) ?? "",
    tool_calls: (message.tool_calls ?? []).map((call) => ({
      id: call.id,
      name: call.function.name,
      args: JSON.parse(call.function.arguments),
    })),
    stop_reason: finish_reason,
    usage,
  }),
};

const responses = {
  whole: (it) => new OpenAI(options(it)).responses.create(it.request),
  async stream(it, signal, onPiece) {
    const stream = new OpenAI(options(it)).responses.stream(it.request, { signal });
    for await (const event of stream) if (event.type.endsWith(".delta")) onPiece();
    return stream.finalResponse();
  },
  tell: (response) => ({
    id: response.id,
    model: response.model,
    text: response.output_text,
    thinking: join(response.output, ({ summary }) => summary && join(summary, (part) => part.text)),
    tool_calls: response.output
      .filter(({ type }) => type === "function_call")
      .map((call) => ({ id: call.call_id, name: call.name, args: JSON.parse(call.arguments) })),
    stop_reason: response.status,
    usage: response.usage,
  }),
};

const google = {
  client: ({ base, key, headers, vertexai }) =>
    new GoogleGenAI({ vertexai, apiKey: key, httpOptions: { baseUrl: base, headers, timeout: TIMEOUT } }).models,
  whole: async (it) => [await google.client(it).generateContent(it.request)],
  async stream(it, signal, onPiece) {
    const config = { ...it.request.config, abortSignal: signal };
    const chunks = [];
    for await (const chunk of await google.client(it).generateContentStream({ ...it.request, config })) {
      chunks.push(chunk);
      onPiece();
    }
    return chunks;
  },
  tell(chunks) {
    const parts = chunks.flatMap((chunk) => chunk.candidates[0].content.parts);
    const last = chunks.at(-1);
    return {
      id: last.responseId,
      model: last.modelVersion,
      text: join(parts, ({ thought, text }) => (thought ? "" : text)),
      thinking: join(parts, ({ thought, text }) => (thought ? text : "")),
      tool_calls: parts.flatMap(({ functionCall }) => functionCall ?? []),
      stop_reason: last.candidates[0].finishReason,
      usage: last.usageMetadata,
    };
  },
};

const apis = {
  "anthropic-messages": anthropic,
  "openai-chat": chat,
  "openai-responses": responses,
  "google-generatecontent": google,
};

async function run(it) {
  const api = apis[it.api];
  const leave = new AbortController();
  let pieces = 0;
  let last, gap = 0; // when a piece came, and the longest wait for one, in seconds
  const onPiece = () => {
    const now = performance.now() / 1000;
    gap = Math.max(gap, now - (last ?? now));
    last = now;
    pieces += 1;
    if (pieces === 1) print({ case: it.case, first: true });
    if (it.leave) leave.abort();
  };
  try {
    const answer = it.stream ? await api.stream(it, leave.signal, onPiece) : await api.whole(it);
    print({ case: it.case, pieces, gap, answer: api.tell(answer) });
  } catch (error) {
    print({ case: it.case, pieces, error: { status: error.status, message: said(error) } });
  }
}

// What went wrong on the way to the service is told by what caused the error.
const said = (error) => [error.message, error.code, ...(error.cause ? [said(error.cause)] : [])].filter(Boolean).join(": ");
const print = (line) => console.log(JSON.stringify(line));

const cases = JSON.parse(readFileSync(0, "utf8"));
print({ runtime: process.versions.bun ? `bun ${process.versions.bun}` : `node ${process.versions.node}` });
const worker = async () => {
  for (let it; (it = cases.shift()); ) await run(it);
};
await Promise.all(Array.from({ length: AT_ONCE }, worker));
