// Says what is wrong with what was drawn.

// A panel must say what it has: samples, or why it has none. healthy panels, of a
// cluster in which nothing is wrong, never say "No data".
export function problems({ panels, faults }) {
  const found = [...faults];
  if (panels.length === 0) found.push('no panel was drawn');
  for (const panel of panels) {
    const say = (what) => found.push(`panel "${panel.title}": ${what}`);
    if (panel.error !== undefined) say(panel.error);
    else if (panel.samples === undefined) say('was not drawn');
    else if (panel.shows === 'No data' || /\bNo data\b/.test(panel.text)) say('says "No data"');
    else if (panel.shows !== 'data' && !panel.text.includes(panel.shows)) say(`should say "${panel.shows}", and says "${panel.text}"`);
    if (/\bValue( #[A-Z])?\b/.test(panel.text)) say('has a column that is called Value');
  }
  return found;
}

// Which of the texts are on none of the panels.
export function unnamed(texts, { panels }) {
  const all = panels.map(({ text }) => text).join('\n');
  return texts.filter((text) => !all.includes(text));
}
