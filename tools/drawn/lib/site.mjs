// Serves the page, what it is made of, and Prometheus behind it, on loopback.
import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const types = { '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.html': 'text/html; charset=utf-8', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.woff': 'font/woff' };

const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>dashboard</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/main.css">
<script>window.__grafana_public_path__ = '/public/'; window.grafanaBootData = { user: { locale: 'en-US' }, settings: {} };</script></head>
<body><div id="root"></div><script type="module" src="/main.js"></script></body></html>`;

// The fonts that Grafana's style asks for.
const fonts = {
  'Inter-Regular': 'inter/files/inter-latin-400-normal', 'Inter-Medium': 'inter/files/inter-latin-500-normal',
  'RobotoMono-Regular': 'roboto-mono/files/roboto-mono-latin-400-normal', 'RobotoMono-Medium': 'roboto-mono/files/roboto-mono-latin-500-normal',
};

// Returns the files of the page by their paths.
export async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [here('page/main.jsx')],
    bundle: true, write: false, format: 'esm', jsx: 'automatic', target: 'es2022', outdir: '/', entryNames: 'main', assetNames: 'assets/[name]-[hash]', splitting: false,
    loader: { '.woff2': 'file', '.woff': 'file', '.ttf': 'file', '.svg': 'dataurl', '.png': 'dataurl' },
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' }, logLevel: 'error', logOverride: { 'empty-import-meta': 'silent' },
  });
  return new Map(outputFiles.map(({ path, contents }) => [path, contents]));
}

async function pass(request, response, prometheus) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const answer = await fetch(`${prometheus}${request.url}`, {
    method: request.method, body: request.method === 'POST' ? Buffer.concat(chunks) : undefined,
    headers: { 'content-type': request.headers['content-type'] ?? 'text/plain' }, signal: AbortSignal.timeout(120_000),
  });
  response.writeHead(answer.status, { 'content-type': 'application/json' });
  response.end(Buffer.from(await answer.arrayBuffer()));
}

// Serves until close. what() is the dashboard that is drawn, as main.jsx wants it.
export async function serve(files, prometheus, what) {
  const answer = async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const send = (type, body) => { response.writeHead(200, { 'content-type': types[type] ?? 'application/octet-stream' }); response.end(body); };
    if (pathname.startsWith('/api/')) return pass(request, response, prometheus);
    if (pathname === '/') return send('.html', page);
    if (pathname === '/dashboard.json') return send('.json', JSON.stringify(what()));
    if (files.has(pathname)) return send(extname(pathname), files.get(pathname));
    const icon = pathname.match(/^\/public\/(?:build\/)?img\/((?:[\w-]+\/)*[\w-]+\.svg)$/);
    if (icon) return send('.svg', await readFile(here(`node_modules/@grafana/ui/dist/public/img/${icon[1]}`)));
    const font = fonts[pathname.match(/^\/public\/fonts\/.*\/([\w-]+)\.woff2$/)?.[1]];
    if (font) return send('.woff2', await readFile(here(`node_modules/@fontsource/${font}.woff2`)));
    response.writeHead(404);
    return response.end();
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => { response.writeHead(500, { 'content-type': 'application/json' }); response.end(JSON.stringify({ status: 'error', error: String(error) })); });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }) };
}
