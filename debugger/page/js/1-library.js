// The library: WebAssembly that stands in the page as base64 of its length and of LZMA. Memory is
// passed as src/exports.rs says.
const library = { exports: null };
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const FUNCTIONS = { explain: 0, play: 1, share: 2, print: 3 };

async function loadLibrary() {
  const text = document.getElementById("wasm").textContent.trim();
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const wasm = unpack(bytes.subarray(4), new DataView(bytes.buffer).getUint32(0, true));
  const { instance } = await WebAssembly.instantiate(wasm, {});
  library.exports = instance.exports;
}

function call(name, text) {
  const { memory, allocate, call: run, release } = library.exports;
  const input = encoder.encode(text);
  const place = allocate(input.length);
  new Uint8Array(memory.buffer, place, input.length).set(input);
  const output = run(FUNCTIONS[name], place, input.length);
  const length = new DataView(memory.buffer).getUint32(output, true);
  const answer = decoder.decode(new Uint8Array(memory.buffer, output + 4, length));
  release(output, length);
  return answer;
}

// What `cors explain --json` prints, and the text without secrets, in bytes, since spans count
// bytes.
function explain(text, origin, credentials) {
  const answer = call("explain", `${origin.replace(/\s/g, "")}\n${credentials}\n${text}`);
  const end = answer.indexOf("\n");
  const bytes = encoder.encode(answer.slice(end + 1));
  const length = Number(answer.slice(0, end));
  const json = decoder.decode(bytes.subarray(length));
  return { bytes: bytes.subarray(0, length), json, report: JSON.parse(json) };
}
