// Asks axe-core what is wrong with a page.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// Everything that axe knows, its opinions on best practice included.
const options = { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } };

// Returns in words what violates a rule, with all that can be opened open.
export async function violations(page) {
  // Evaluated by the debugger, which the policy of the page does not bind.
  await page.evaluate(axe);
  const found = await page.evaluate((o) => {
    for (const d of document.querySelectorAll('details')) d.open = true;
    return window.axe.run(document, o);
  }, options);
  return found.violations.flatMap(({ id, impact, nodes }) => nodes.map((node) => `${impact} ${id}: ${node.html.slice(0, 120)} ${node.any.concat(node.all)[0]?.message ?? ''}`));
}

// The same at the width of a desk and of a telephone.
export async function violationsAtWidths(page) {
  const all = [];
  for (const width of [1280, 320]) {
    await page.setViewportSize({ width, height: 800 });
    all.push(...(await violations(page)).map((v) => `${width} px: ${v}`));
  }
  return all;
}
