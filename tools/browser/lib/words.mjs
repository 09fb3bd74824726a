// Words that a line ends within.

// The width of a common phone.
export const phone = { width: 360, height: 800 };

// The same as broken, on a phone.
export async function brokenOnPhone(page) {
  await page.setViewportSize(phone);
  return (await broken(page)).map((word) => `${phone.width} px: a line ends within ${word}`);
}

// Returns those of the page, with everything opened. A word may go on in the next line
// where it says so (<wbr>) and after a hyphen; Chinese may anywhere.
export async function broken(page) {
  return page.evaluate(() => {
    for (const d of document.querySelectorAll('details')) d.open = true;
    const found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    while (texts.nextNode()) {
      const text = texts.currentNode;
      if (text.parentElement.closest('pre, script, .hidden, .skip') || !text.parentElement.checkVisibility()) continue;
      for (const { 0: word, index } of text.data.matchAll(/[A-Za-z0-9_]{2,}/g)) {
        range.setStart(text, index);
        range.setEnd(text, index + word.length);
        const lines = new Set([...range.getClientRects()].filter((r) => r.width > 0).map((r) => Math.round(r.top)));
        if (lines.size > 1) found.push(`${word} in "${text.parentElement.textContent.trim().slice(0, 60)}"`);
      }
    }
    return found;
  });
}
