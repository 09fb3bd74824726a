// What is wrong with how a page lies on the screen.
import { interactive } from './suite.mjs';

// Narrow is the width at 400 % zoom of a screen of 1280 px; zoomed is the same screen
// at 200 %, and largeText a small one with the text alone at 200 %.
export const layouts = {
  narrow: { viewport: { width: 320, height: 640 }, fontSize: '' },
  zoomed: { viewport: { width: 640, height: 360 }, fontSize: '' },
  largeText: { viewport: { width: 640, height: 360 }, fontSize: '200%' },
};

// Returns in words what is wrong with the page in each layout.
export async function faultsOfLayout(page) {
  const faults = [];
  for (const [name, { viewport, fontSize }] of Object.entries(layouts)) {
    await page.setViewportSize(viewport);
    const found = await page.evaluate(look, { selector: interactive, fontSize });
    faults.push(...found.map((fault) => `${name}: ${fault}`));
  }
  return faults;
}

// Runs in the page.
function look({ selector, fontSize }) {
  const smallest = 24;
  const root = document.documentElement;
  root.style.fontSize = fontSize;
  const faults = [];
  const name = (e) => `${e.tagName.toLowerCase()} "${e.textContent.trim().slice(0, 40)}"`;
  const { scrollWidth } = document.scrollingElement;
  if (scrollWidth > innerWidth) {
    const widest = [...document.body.querySelectorAll('*')].sort((a, b) => b.getBoundingClientRect().right - a.getBoundingClientRect().right)[0];
    faults.push(`${scrollWidth} px of page in ${innerWidth} px, for ${name(widest)}`);
  }
  // A link in a sentence is as high as its line, which WCAG allows.
  const words = (n) => n?.nodeType === Node.TEXT_NODE && n.data.trim() !== '';
  const inSentence = (e) => getComputedStyle(e).display === 'inline' && (words(e.previousSibling) || words(e.nextSibling));
  for (const e of document.querySelectorAll(selector)) {
    const { width, height, left } = e.getBoundingClientRect();
    if (left < -1000 || width === 0 || inSentence(e)) continue; // the skip link waits off the screen, others in closed details
    if (width < smallest || height < smallest) faults.push(`${name(e)} is ${Math.round(width)} by ${Math.round(height)} px`);
  }
  for (const button of document.querySelectorAll('.commands button')) {
    const b = button.getBoundingClientRect();
    const p = button.parentNode.querySelector('code').parentNode.getBoundingClientRect();
    const textTop = p.top + parseFloat(getComputedStyle(button.parentNode.querySelector('pre')).paddingTop);
    if (b.left < p.right && b.right > p.left && b.bottom > textTop + 1 && b.top < p.bottom) faults.push(`${name(button)} lies over the commands`);
  }
  root.style.fontSize = '';
  return faults;
}
