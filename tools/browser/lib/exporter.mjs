// Runs the built program on a free port of loopback.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const binary = process.env.KUBEVITALS_BINARY || fileURLToPath(new URL('../../../bin/kubevitals', import.meta.url));

// Starts kubevitals with flags that say what to watch. The result has its url
// without a slash at the end, and stop.
export async function startExporter(flags = ['--demo']) {
  const child = spawn(binary, [...flags, '--web.listen-address=127.0.0.1:0', '--log.level=error'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise((resolve) => child.once('close', resolve));
  let errors = '';
  child.stderr.on('data', (text) => { errors += text; });
  const url = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`kubevitals serves nothing after 240 s: ${errors}`)), 240_000);
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
      const serves = output.match(/^kubevitals serves (\S+)\/metrics$/m);
      if (serves) {
        clearTimeout(late);
        resolve(serves[1]);
      }
    });
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`kubevitals ended with ${code}: ${errors}`)));
  }).catch((error) => { kill(); throw error; });
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      const impatient = setTimeout(kill, 15_000);
      await ended;
      clearTimeout(impatient);
      process.removeListener('exit', kill);
    },
  };
}
