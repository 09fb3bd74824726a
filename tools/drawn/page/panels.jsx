// One panel: its queries, then the component of its type, in Grafana's frame.
import { useEffect, useMemo, useState } from 'react';
import { applyFieldOverrides, applyNullInsertThreshold, cacheFieldDisplayNames, FieldColorModeId, getFieldDisplayValues, LoadingState, toUtc, transformDataFrame } from '@grafana/data';
import { BigValue, PanelChrome, TimeSeries, useTheme2, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { firstValueFrom } from 'rxjs';
import { interpolate, run } from './query.js';
import { fieldSettings, unknownOverrides } from './registries.js';
import { StateTimeline } from './timeline.jsx';

// What the plugin of each panel type takes where a dashboard says nothing.
const colours = { timeseries: FieldColorModeId.PaletteClassic, stat: FieldColorModeId.Thresholds, table: FieldColorModeId.Thresholds, 'state-timeline': FieldColorModeId.ContinuousGrYlRd };

const timeRange = ({ from, to }) => ({ from: toUtc(from * 1000), to: toUtc(to * 1000), raw: { from: toUtc(from * 1000), to: toUtc(to * 1000) } });

function Message({ text }) {
  const theme = useTheme2();
  return <div data-message style={{ height: '100%', display: 'flex', alignItems: 'center', justifyContent: 'center', textAlign: 'center', color: theme.colors.text.secondary, fontSize: theme.typography.size.lg }}>{text}</div>;
}

function Stat({ fields, frames, panel, width, height }) {
  const theme = useTheme2();
  const values = () => getFieldDisplayValues({ fieldConfig: fields, reduceOptions: panel.options.reduceOptions, replaceVariables: (text) => text, theme, data: frames, timeZone: 'utc' });
  const { colorMode, graphMode, justifyMode, orientation, textMode, wideLayout } = panel.options;
  const named = values().length > 1;
  const draw = ({ value, width: w, height: h, count }) => (
    <BigValue value={{ ...value.display, title: named ? value.display.title : undefined }} width={w} height={h} count={count} colorMode={colorMode} graphMode={graphMode} justifyMode={justifyMode} textMode={textMode} wideLayout={wideLayout} theme={theme} />
  );
  return <VizRepeater getValues={values} renderValue={draw} width={width} height={height} source={frames} autoGrid orientation={orientation} />;
}

function Content({ panel, data, range, width, height }) {
  const theme = useTheme2();
  const { frames, fields, step } = data;
  const empty = frames.length === 0 || frames.every((frame) => frame.length === 0);
  if (panel.type === 'stat') return <Stat fields={fields} frames={frames} panel={panel} width={width} height={height} />;
  if (empty) return <Message text={fields.defaults.noValue ?? 'No data'} />;
  switch (panel.type) {
    case 'timeseries': {
      const spaced = frames.map((frame) => applyNullInsertThreshold({ frame, refFieldName: 'Time', refFieldPseudoMin: range.from * 1000, refFieldPseudoMax: range.to * 1000, insertMode: undefined }));
      return <TimeSeries frames={spaced} width={width} height={height} timeRange={timeRange(range)} timeZone="utc" legend={panel.options.legend} options={panel.options} theme={theme} structureRev={1} />;
    }
    case 'table':
      return <TableNG data={frames[0]} width={width} height={height} cellHeight={panel.options.cellHeight} noValue={fields.defaults.noValue} fieldConfig={fields} structureRev={1} timeRange={timeRange(range)} />;
    case 'state-timeline':
      return <StateTimeline frames={frames} step={step} range={range} width={width} height={height} options={panel.options} />;
    default:
      throw new Error(`panel type ${panel.type} is not known`);
  }
}

async function read(panel, variables, range, width, theme) {
  const unknown = unknownOverrides(panel);
  if (unknown.length > 0) throw new Error(`overrides that are not known: ${unknown}`);
  if (!(panel.type in colours)) throw new Error(`panel type ${panel.type} is not known`);
  const answer = await run(panel, variables, range, width);
  const transformed = panel.transformations ? await firstValueFrom(transformDataFrame(panel.transformations, answer.frames)) : answer.frames;
  // JSON has no word for the first step, which begins below all others.
  const steps = panel.fieldConfig.defaults.thresholds.steps.map((one) => ({ ...one, value: one.value ?? -Infinity }));
  const defaults = { color: { mode: colours[panel.type] }, ...panel.fieldConfig.defaults, thresholds: { mode: 'absolute', steps } };
  const fields = { ...panel.fieldConfig, defaults };
  if (panel.type !== 'table') transformed.forEach((frame) => { frame.fields[0].config = { ...frame.fields[0].config, interval: answer.step * 1000 }; });
  const frames = applyFieldOverrides({ data: transformed, fieldConfig: fields, fieldConfigRegistry: fieldSettings, replaceVariables: (text) => interpolate(text, variables, answer.step), theme, timeZone: 'utc' });
  // What renames left behind is what tables call their columns.
  cacheFieldDisplayNames(frames);
  return { ...answer, frames, fields };
}

// report is told what became of the panel: {samples, frames, shows}, or {error}.
export function Panel({ panel, variables, range, width, height, report }) {
  const theme = useTheme2();
  const [data, setData] = useState();
  useEffect(() => {
    read(panel, variables, range, width, theme).then((answer) => {
      setData(answer);
      const empty = answer.samples === 0;
      report({ samples: answer.samples, series: answer.frames.length, shows: empty ? answer.fields.defaults.noValue ?? 'No data' : 'data', legends: answer.names });
    }, (error) => report({ error: String(error.message ?? error) }));
  }, []);
  const description = useMemo(() => () => panel.description, []);
  return (
    <PanelChrome title={panel.title} description={description} width={width} height={height} loadingState={data ? LoadingState.Done : LoadingState.Loading}>
      {(w, h) => (data ? <Content panel={panel} data={data} range={range} width={w} height={h} /> : null)}
    </PanelChrome>
  );
}
