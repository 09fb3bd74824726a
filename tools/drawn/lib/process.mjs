// Starts programs that serve on loopback, and ends them.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

// Starts a program and waits until it prints what matches; at most seconds. The result
// has the match, and stop, which ends the program and waits for it.
export async function start(binary, args, pattern, { seconds = 120, env = {}, cwd = root } = {}) {
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env }, cwd });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise((resolve) => child.once('close', resolve));
  let said = '';
  const match = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${binary} is not up after ${seconds} s: ${said.slice(-2000)}`)), seconds * 1000);
    const read = (data) => {
      said = (said + data).slice(-20_000);
      const found = said.match(pattern);
      if (found) { clearTimeout(late); resolve(found); }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    child.once('close', (code) => { clearTimeout(late); reject(new Error(`${binary} ended with ${code}: ${said.slice(-2000)}`)); });
  }).catch((error) => { kill(); throw error; });
  return {
    match,
    said: () => said,
    async stop() {
      child.kill('SIGINT');
      const impatient = setTimeout(kill, 60_000);
      await ended;
      clearTimeout(impatient);
      process.removeListener('exit', kill);
    },
  };
}

// A port of loopback that nobody listens at.
export async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
