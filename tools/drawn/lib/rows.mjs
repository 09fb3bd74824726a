// A dashboard as somebody sees it who has opened all its rows.
export function opened(dashboard) {
  const panels = [];
  let lower = 0; // by how much what opened so far moves what follows
  const at = (panel) => ({ ...panel, gridPos: { ...panel.gridPos, y: panel.gridPos.y + lower } });
  for (const panel of dashboard.panels) {
    const inside = panel.type === 'row' && panel.collapsed ? panel.panels : [];
    panels.push(inside.length > 0 ? { ...at(panel), collapsed: false, panels: [] } : at(panel), ...inside.map(at));
    const end = Math.max(panel.gridPos.y + panel.gridPos.h, ...inside.map(({ gridPos: { y, h } }) => y + h));
    lower += end - panel.gridPos.y - panel.gridPos.h;
  }
  return { ...dashboard, panels };
}

// Whether a dashboard has rows to open.
export const folds = (dashboard) => dashboard.panels.some(({ type, collapsed }) => type === 'row' && collapsed);
