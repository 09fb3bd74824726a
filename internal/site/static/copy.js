// Adds a button to each block of commands that copies it.
'use strict';
const { copy, copied } = document.body.dataset;
for (const block of document.querySelectorAll('.commands')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = copy;
  button.addEventListener('click', async () => {
    const text = block.querySelector('code').textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without TLS browsers give no clipboard: select the text, so that the keys work.
      getSelection().selectAllChildren(block.querySelector('code'));
      document.execCommand('copy');
    }
    button.textContent = copied;
    setTimeout(() => { button.textContent = copy; }, 2000);
  });
  block.append(button);
}
