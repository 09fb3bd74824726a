// Adds a button to each block of commands that copies it.
'use strict';
const { copy, copied, keys } = document.body.dataset;
const said = document.querySelector('#said');

// Says whether the browser took the text. Without TLS it gives no clipboard: the
// text is selected then, so that the keys of the browser work, whatever it says.
async function taken(code, text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(code);
    const exactly = (event) => {
      event.clipboardData.setData('text/plain', text);
      event.preventDefault();
    };
    document.addEventListener('copy', exactly, { once: true });
    const done = document.execCommand('copy');
    document.removeEventListener('copy', exactly);
    return done;
  }
}

for (const block of document.querySelectorAll('.commands')) {
  const code = block.querySelector('code');
  const button = document.createElement('button');
  let timer;
  button.type = 'button';
  button.textContent = copy;
  button.addEventListener('click', async () => {
    // A last new line would run the last command where it is pasted.
    const done = await taken(code, code.textContent.replace(/\n$/, ''));
    button.textContent = said.textContent = done ? copied : keys;
    clearTimeout(timer);
    timer = setTimeout(() => {
      button.textContent = copy;
      said.textContent = '';
    }, 3000);
  });
  block.prepend(button);
}
