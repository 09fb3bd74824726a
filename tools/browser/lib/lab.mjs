// Runs the lab: a real control plane with hollow kubelets on loopback.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, renameSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const binary = process.env.KUBEVITALS_LAB_BINARY || `${root}bin/kubevitals-lab`;

export async function startLab() {
  const child = spawn(binary, ['up', '--bare'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const output = await new Promise((resolve, reject) => {
    let text = '';
    let errors = '';
    const late = setTimeout(() => { child.kill('SIGINT'); reject(new Error(`the lab is not up after 4 minutes: ${errors}`)); }, 240_000);
    child.stderr.on('data', (data) => { errors += data; });
    child.stdout.on('data', (data) => {
      text += data;
      if (text.includes('Ctrl-C ends')) { clearTimeout(late); resolve(text); }
    });
    child.once('error', reject);
    child.once('close', (code) => { clearTimeout(late); reject(new Error(`the lab ended with ${code}: ${errors}`)); });
  });
  return lab(child, ended, output.match(/KUBECONFIG=(\S+)/)[1], output.match(/--kubelet.ca-file=(\S+)/)[1], output.match(/reads (\S+)\/NODE/)[1]);
}

// dir holds admin.kubeconfig and kubelet-ca.crt, of which flags tell the exporter.
function lab(child, ended, kubeconfig, kubeletCA, dir) {
  return {
    flags: [`--kubeconfig=${kubeconfig}`, `--kubelet.ca-file=${kubeletCA}`],
    dir,
    kubectl: (args, input) => execFileSync(binary, ['kubectl', ...args], { cwd: root, env: { ...process.env, KUBECONFIG: kubeconfig }, input, encoding: 'utf8' }),
    // Leaves that part of the node's disk for the kubelet to find.
    fillDisk(node, left) {
      const file = `${dir}/${node}.filesystems.json`;
      const disks = JSON.parse(readFileSync(file, 'utf8'));
      disks.nodefs.availableBytes = Math.round(disks.nodefs.capacityBytes * left);
      writeFileSync(`${file}.new`, JSON.stringify(disks));
      renameSync(`${file}.new`, file);
    },
    killKubelet(node) { process.kill(kubelet(child.pid, node), 'SIGKILL'); },
    async stop() {
      child.kill('SIGINT');
      await ended;
    },
  };
}

// The process of a node's kubelet, among the children of the lab and nowhere else.
function kubelet(parent, node) {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    let status, args;
    try {
      status = readFileSync(`/proc/${pid}/status`, 'utf8');
      args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    } catch {
      continue; // it has ended
    }
    if (status.includes(`\nPPid:\t${parent}\n`) && args.includes('hollow-kubelet') && args.includes(`--name=${node}`)) return Number(pid);
  }
  throw new Error(`no kubelet of ${node} runs`);
}
