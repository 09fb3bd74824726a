// A state timeline, of which the package has no component: rows of coloured stretches
// over Grafana's own axis and legend.
import { AxisPlacement, LegendDisplayMode, ScaleDirection, ScaleOrientation } from '@grafana/schema';
import { UPlotChart, UPlotConfigBuilder, useTheme2, VizLayout, VizLegend } from '@grafana/ui';
import { getFieldDisplayName } from '@grafana/data';

// The stretches of one series: from when to when it had which state. One ends where samples end.
export function stretches(frame, step) {
  const [time, value] = frame.fields;
  const all = [];
  for (let i = 0; i < frame.length; i++) {
    const state = value.display(value.values[i]);
    const last = all.at(-1);
    if (last && last.text === state.text && time.values[i] - last.end <= step * 1500) last.end = time.values[i];
    else all.push({ start: time.values[i], end: time.values[i], text: state.text, colour: state.color });
  }
  return all.map((one) => ({ ...one, end: one.end + step * 1000 }));
}

function configuration(rows, range, theme, rowHeight) {
  const names = rows.map(({ name }) => name);
  const builder = new UPlotConfigBuilder('utc');
  builder.addScale({ scaleKey: 'x', isTime: true, orientation: ScaleOrientation.Horizontal, direction: ScaleDirection.Right, range: () => [range.from * 1000, range.to * 1000] });
  builder.addScale({ scaleKey: 'y', isTime: false, orientation: ScaleOrientation.Vertical, direction: ScaleDirection.Up, range: () => [0, rows.length] });
  builder.addAxis({ scaleKey: 'x', isTime: true, placement: AxisPlacement.Bottom, timeZone: 'utc', theme });
  builder.addAxis({
    scaleKey: 'y', isTime: false, placement: AxisPlacement.Left, theme, grid: { show: false }, ticks: { show: false },
    splits: () => names.map((_, i) => rows.length - i - 0.5), values: (_, splits) => splits.map((_at, i) => names[i]),
  });
  builder.addSeries({ scaleKey: 'y', theme, show: true, pathBuilder: () => null, pxAlign: false });
  builder.addHook('draw', (u) => {
    rows.forEach(({ parts }, i) => {
      const top = u.valToPos(rows.length - i - (1 - rowHeight) / 2, 'y', true);
      const bottom = u.valToPos(rows.length - i - (1 + rowHeight) / 2, 'y', true);
      for (const { start, end, colour } of parts) {
        const left = u.valToPos(Math.max(start, range.from * 1000), 'x', true);
        const right = u.valToPos(Math.min(end, range.to * 1000), 'x', true);
        u.ctx.fillStyle = colour;
        u.ctx.globalAlpha = 0.7;
        u.ctx.fillRect(left, top, Math.max(right - left, 1), bottom - top);
      }
    });
    u.ctx.globalAlpha = 1;
  });
  return builder;
}

export function StateTimeline({ frames, step, range, width, height, options }) {
  const theme = useTheme2();
  const rows = frames.map((frame) => ({ name: getFieldDisplayName(frame.fields[1], frame, frames), parts: stretches(frame, step) }));
  const states = new Map(rows.flatMap(({ parts }) => parts.map(({ text, colour }) => [text, colour])));
  const items = [...states].map(([label, color]) => ({ label, color, yAxis: 1 }));
  const legend = <VizLayout.Legend placement={options.legend.placement}><VizLegend placement={options.legend.placement} items={items} displayMode={LegendDisplayMode.List} /></VizLayout.Legend>;
  return (
    <VizLayout width={width} height={height} legend={legend}>
      {(w, h) => <UPlotChart width={w} height={h} data={[[range.from * 1000, range.to * 1000], [null, null]]} config={configuration(rows, range, theme, options.rowHeight)} />}
    </VizLayout>
  );
}
