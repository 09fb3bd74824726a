// Asks Prometheus as Grafana's data source does, and makes data frames of the answers.
import { FieldType, getFieldDisplayName, toDataFrame } from '@grafana/data';

// How often what the dashboards show is scraped, in seconds: a setting of the data source.
const scrapeInterval = 15;

async function ask(path, params) {
  const response = await fetch(`/api/v1/${path}`, { method: 'POST', body: new URLSearchParams(params) });
  const answer = await response.json();
  if (answer.status !== 'success') throw new Error(answer.error ?? `status ${response.status}`);
  return answer.data;
}

// The values that a label has in series of the selector.
export async function labelValues(query, range) {
  const [, selector, label] = query.match(/^label_values\((.*), *([a-zA-Z_]\w*)\)$/s);
  const series = await ask('series', { 'match[]': selector, start: range.from, end: range.to });
  return [...new Set(series.map((labels) => labels[label]).filter((value) => value !== undefined))].sort();
}

const escaped = (value) => value.replace(/[.*+?^${}()|[\]\\]/g, '\\\\$&');

// Puts the values of variables into a text: one value as it is, several as a regular
// expression, and the interval over which a rate is taken.
export function interpolate(text, variables, step) {
  const interval = Math.max(step + scrapeInterval, 4 * scrapeInterval);
  return text
    .replaceAll('$__rate_interval', `${interval}s`)
    .replace(/\$\{(\w+)(?::\w+)?\}|\$(\w+)/g, (whole, braced, bare) => {
      const value = variables[braced ?? bare];
      if (value === undefined) return whole;
      return Array.isArray(value) ? `(${value.map(escaped).join('|')})` : value;
    });
}

// A step that divides the range into about as many points as there are pixels.
export function stepOf(range, width) {
  const least = Math.max((range.to - range.from) / Math.max(width, 100), scrapeInterval);
  return [15, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600].find((step) => step >= least) ?? 7200;
}

const text = ({ __name__: name = '', ...labels }) => `${name}{${Object.entries(labels).map(([k, v]) => `${k}="${v}"`).join(', ')}}`;
const legend = (format, labels) => (format === '__auto' ? undefined : format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => labels[label] ?? ''));
const number = (value) => (value === '+Inf' ? Infinity : value === '-Inf' ? -Infinity : Number(value));

function series(refId, format, { metric, values }) {
  return toDataFrame({
    refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: values.map(([at]) => at * 1000), config: {} },
      { name: 'Value', type: FieldType.number, labels: metric, values: values.map(([, v]) => number(v)), config: { displayNameFromDS: legend(format, metric) ?? text(metric) } },
    ],
  });
}

// All series of a query in one frame: a column for each label, and one for the value.
function table(refId, several, result) {
  const names = [...new Set(result.flatMap(({ metric }) => Object.keys(metric)))].sort();
  return toDataFrame({
    refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: result.map(({ value }) => value[0] * 1000), config: {} },
      ...names.map((name) => ({ name, type: FieldType.string, values: result.map(({ metric }) => metric[name] ?? ''), config: { filterable: true } })),
      { name: several ? `Value #${refId}` : 'Value', type: FieldType.number, values: result.map(({ value }) => number(value[1])), config: {} },
    ],
  });
}

// Runs the queries of a panel. Each frame has the refId of its query.
export async function run(panel, variables, range, width) {
  const step = stepOf(range, width);
  const several = panel.targets.filter(({ format }) => format === 'table').length > 1;
  const frames = await Promise.all(panel.targets.map(async (target) => {
    const query = interpolate(target.expr, variables, step);
    if (target.instant) {
      const { result } = await ask('query', { query, time: range.to });
      if (target.format === 'table') return [table(target.refId, several, result)];
      return result.map((one) => series(target.refId, target.legendFormat, { metric: one.metric, values: [one.value] }));
    }
    const from = Math.floor(range.from / step) * step;
    const { result } = await ask('query_range', { query, start: from, end: range.to, step });
    return result.map((one) => series(target.refId, target.legendFormat, one));
  }));
  const all = frames.flat();
  return { frames: all, step, samples: all.reduce((sum, frame) => sum + frame.length, 0), names: all.map((f) => getFieldDisplayName(f.fields.at(-1), f, all)) };
}
