// The few shapes that the dashboards need. The signature of each makes a title,
// a description and a unit obligatory; ids and the grid are computed later.
local datasource = { type: 'prometheus', uid: '${datasource}' };
local defaults = { alerts: [], threshold: null, below: false, badWhen: 0, mayBeEmpty: false };

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
  };

// A threshold is drawn where its alert fires.
local thresholds(options, healthy='green') = {
  mode: 'absolute',
  steps: if options.threshold == null then [{ color: healthy, value: null }]
  else if options.below then [{ color: 'red', value: null }, { color: healthy, value: options.threshold }]
  else [{ color: healthy, value: null }, { color: 'red', value: options.threshold }],
};

local reduce = { values: false, calcs: ['lastNotNull'], fields: '' };

{
  datasource:: datasource,

  target(expr, legend):: { expr: std.rstripChars(expr, '\n'), legendFormat: if legend == '' then '__auto' else legend },

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
            fillOpacity: 10,
            showPoints: 'never',
            spanNulls: false,
            thresholdsStyle: { mode: if o.threshold == null then 'off' else 'line' },
          },
          thresholds: thresholds(o),
        },
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
      fieldConfig: { defaults: { unit: unit, thresholds: thresholds(o, 'blue') }, overrides: [] },
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
    panel('table', title, description, [t { instant: true, range: false, format: 'table' } for t in targets], o) {
      fieldConfig: { defaults: { unit: 'short', custom: { align: 'auto', cellOptions: { type: 'auto' }, inspect: false }, thresholds: thresholds(o) }, overrides: [] },
      options: { frameIndex: 0, showHeader: true, cellHeight: 'sm' },
      transformations: [{ id: 'organize', options: { excludeByName: { Time: true }, indexByName: {}, renameByName: {} } }],
    },

  // badWhen is the value that is drawn red: 0 for what should be, 1 for what should not.
  stateTimeline(title, description, targets, options={})::
    local o = defaults + options;
    local mapping(value) = { [std.toString(value)]: { text: if value == 1 then 'yes' else 'no', color: if value == o.badWhen then 'red' else 'green', index: value } };
    panel('state-timeline', title, description, [t { range: true } for t in targets], o) {
      fieldConfig: {
        defaults: {
          unit: 'short',
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

  row(title):: { type: 'row', title: title, collapsed: false, panels: [] },
}
