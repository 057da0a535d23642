// Starts each program on loopback, sends the requests, and writes the answers: the status, and the
// CORS and Vary fields. Usage: node observe.mjs DIRECTORY OUTPUT, where DIRECTORY has the programs,
// requests.txt and the packages.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import http from 'node:http';

const [directory, output] = process.argv.slice(2);
const requests = readFileSync(`${directory}/requests.txt`, 'utf8')
  .split('\n')
  .filter((line) => line && !line.startsWith('#'));

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const send = (port, line) =>
  new Promise((resolve, reject) => {
    const [first, ...fields] = line.split(' | ');
    const [method, path] = first.split(' ');
    const headers = Object.fromEntries(fields.map((field) => field.split(': ')));
    const request = http.request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve(response));
    });
    request.on('error', reject);
    request.end();
  });

const isReported = (name) => /^(access-control-.*|timing-allow-origin|vary)$/i.test(name);

let text = '';
const programs = readdirSync(directory).filter((name) => /\.m?js$/.test(name) && name !== 'observe.mjs');
for (const name of programs.sort()) {
  const port = await freePort();
  const child = spawn(process.execPath, [`${directory}/${name}`], {
    env: { ...process.env, PORT: String(port), NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await send(port, 'GET /started');
        break;
      } catch (error) {
        if (attempt > 100) throw new Error(`${name} does not start: ${error}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    text += `== ${name}\n`;
    for (const line of requests) {
      const response = await send(port, line);
      text += `> ${line}\n< ${response.statusCode}\n`;
      const lines = [];
      for (let i = 0; i < response.rawHeaders.length; i += 2) {
        const [field, value] = [response.rawHeaders[i].toLowerCase(), response.rawHeaders[i + 1]];
        if (isReported(field)) lines.push(`${field}: ${value}`);
      }
      text += lines.sort().map((field) => `${field}\n`).join('');
    }
  } finally {
    child.kill();
  }
}
writeFileSync(output, text);
