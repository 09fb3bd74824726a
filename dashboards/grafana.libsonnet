// The few shapes that the dashboards need. The signature of each makes a title,
// a description and a unit obligatory; ids and the grid are computed later.
local datasource = { type: 'prometheus', uid: '${datasource}' };
local defaults = {
  alerts: [],
  // Where the alert fires: above it, or below.
  threshold: null,
  below: false,
  // Which of 0 and 1 is drawn red.
  badWhen: 0,
  // Shows nothing while all is well.
  mayBeEmpty: false,
  // Has values below 0 that mean something.
  signed: false,
  // What stands where there is nothing; null lets the dashboard say it.
  noValue: null,
};

local panel(type, title, description, targets, options) =
  assert std.length(title) > 0 && std.endsWith(description, '.') : 'panel "%s": a title, and a description that is a sentence' % title;
  assert std.length(targets) > 0 : 'panel "%s": no target' % title;
  {
    type: type,
    title: title,
    description: description,
    datasource: datasource,
    targets: std.mapWithIndex(function(i, t) t { refId: std.char(65 + i), datasource: datasource }, targets),
    // Kept for the dashboards and the tests; removed from the output.
    alerts:: options.alerts,
    mayBeEmpty:: options.mayBeEmpty,
    noValue:: options.noValue,
    badWhen:: options.badWhen,
    below:: options.below,
  };

// A threshold is drawn where its alert fires.
local thresholds(options, healthy='green') = {
  mode: 'absolute',
  steps: if options.threshold == null then [{ color: healthy, value: null }]
  else if options.below then [{ color: 'red', value: null }, { color: healthy, value: options.threshold }]
  else [{ color: healthy, value: null }, { color: 'red', value: options.threshold }],
};

// The axis begins at 0, and reaches the threshold, so that a line tells how far it is from
// trouble. Shares end at 1, and counts at 5 at least: below, parts of one would be marked.
local axis(unit, o) =
  (if o.signed then {} else { min: 0 })
  + (if unit == 'percentunit' then { max: 1 } else {})
  + {
    custom+: (if o.signed then { axisSoftMin: 0 } else {})
             + (
               local top = std.max(if unit == 'short' then 5 else 0, if o.threshold == null then 0 else 1.25 * o.threshold);
               if top == 0 || unit == 'percentunit' then {} else { axisSoftMax: top }
             ),
  };

local reduce = { values: false, calcs: ['lastNotNull'], fields: '' };

// What labels are called above a column.
local headers = {
  api: 'API',
  apiservice: 'APIService',
  horizontalpodautoscaler: 'Autoscaler',
  server: 'Server',
  uid: 'User',
};
local header(label) = std.get(headers, label, std.asciiUpper(label[0]) + std.strReplace(label[1:], '_', ' '));

// The labels that are left of what expressions aggregate, in their order.
local labels(expr) = std.foldl(
  function(all, part) all + [l for l in std.split(std.strReplace(std.split(part, ')')[0], ' ', ''), ',') if l != '' && !std.member(all, l)],
  std.split(expr, 'by (')[1:],
  []
);

{
  datasource:: datasource,
  header:: header,
  labels:: labels,

  target(expr, legend):: { expr: std.rstripChars(expr, '\n'), legendFormat: if legend == '' then '__auto' else legend },

  // A query of a table: its value is a column of that name and unit, or none where it is
  // the same in each row.
  column(expr, name=null, unit='short'):: self.target(expr, '') { name:: name, unit:: unit },

  timeseries(title, description, unit, targets, options={})::
    local o = defaults + options;
    panel('timeseries', title, description, [t { range: true } for t in targets], o) {
      fieldConfig: {
        defaults: {
          unit: unit,
          custom: {
            drawStyle: 'line',
            lineInterpolation: 'linear',
            lineWidth: 1,
            fillOpacity: 0,
            showPoints: 'never',
            spanNulls: false,
            thresholdsStyle: { mode: if o.threshold == null then 'off' else 'line' },
          },
          thresholds: thresholds(o),
        } + axis(unit, o),
        overrides: [],
      },
      options: {
        legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
        tooltip: { mode: 'multi', sort: 'desc' },
      },
    },

  stat(title, description, unit, targets, options={})::
    local o = defaults + options;
    panel('stat', title, description, [t { instant: true, range: false } for t in targets], o) {
      fieldConfig: { defaults: { unit: unit, thresholds: thresholds(o, 'text') }, overrides: [] },
      options: {
        reduceOptions: reduce,
        colorMode: 'value',
        graphMode: 'none',
        justifyMode: 'auto',
        orientation: 'auto',
        textMode: 'auto',
        wideLayout: true,
        showPercentChange: false,
        percentChangeColorMode: 'standard',
      },
    },

  table(title, description, targets, options={})::
    local o = defaults + options;
    local several = std.length(targets) > 1;
    local value(i) = if several then 'Value #' + std.char(65 + i) else 'Value';
    local keys = std.foldl(function(all, t) all + [l for l in labels(t.expr) if !std.member(all, l)], targets, []);
    local columns = keys + std.mapWithIndex(function(i, _) value(i), targets);
    local hidden = std.mapWithIndex(function(i, t) if t.name == null then { [value(i)]: true } else {}, targets);
    local named = [{ [l]: header(l) } for l in keys] + std.mapWithIndex(function(i, t) if t.name == null then {} else { [value(i)]: t.name }, targets);
    local merged(objects) = std.foldl(function(all, one) all + one, objects, {});
    panel('table', title, description, [t { instant: true, range: false, format: 'table' } for t in targets], o) {
      fieldConfig: {
        defaults: { unit: 'short', custom: { align: 'auto', cellOptions: { type: 'auto' }, inspect: false }, thresholds: thresholds(o, 'text') },
        overrides: [
          { matcher: { id: 'byName', options: t.name }, properties: [{ id: 'unit', value: t.unit }] }
          for t in targets
          if t.name != null && t.unit != 'short'
        ],
      },
      options: { frameIndex: 0, showHeader: true, cellHeight: 'sm' },
      transformations: (if several then [{ id: 'merge', options: {} }] else []) + [{
        id: 'organize',
        options: {
          excludeByName: { Time: true } + merged(hidden),
          indexByName: { [columns[i]]: i for i in std.range(0, std.length(columns) - 1) },
          renameByName: merged(named),
        },
      }],
    },

  // badWhen is the value that is drawn red: 0 for what should be, 1 for what should not.
  stateTimeline(title, description, targets, options={})::
    local o = defaults + options;
    local mapping(value) = { [std.toString(value)]: { text: if value == 1 then 'yes' else 'no', color: if value == o.badWhen then 'red' else 'green', index: value } };
    panel('state-timeline', title, description, [t { range: true } for t in targets], o) {
      fieldConfig: {
        defaults: {
          unit: 'short',
          // Without it the panel has no legend, which says what yes and no are.
          color: { mode: 'thresholds' },
          custom: { fillOpacity: 70, lineWidth: 0 },
          mappings: [{ type: 'value', options: mapping(0) + mapping(1) }],
          thresholds: { mode: 'absolute', steps: [{ color: 'text', value: null }] },
        },
        overrides: [],
      },
      options: {
        mergeValues: true,
        showValue: 'never',
        alignValue: 'left',
        rowHeight: 0.8,
        legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
        tooltip: { mode: 'single', sort: 'none' },
      },
    },

  row(title, collapsed=false):: { type: 'row', title: title, collapsed: collapsed, panels: [] },
}
