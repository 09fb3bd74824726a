import assert from 'node:assert/strict';

// Fails with the first of the faults, each in a line of its own.
export function noFaults(faults) {
  const most = 30;
  const more = faults.length > most ? [`and ${faults.length - most} more`] : [];
  assert.ok(faults.length === 0, ['', ...faults.slice(0, most), ...more].join('\n  '));
}
