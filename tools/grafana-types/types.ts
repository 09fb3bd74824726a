// Grafana's own types of a dashboard, put together as strictly as they allow: the
// options and the custom field settings of each panel are those of its type, and
// a panel of any other type is refused.
import type { DataSourceRef, Dashboard, FieldConfigSource, Panel, RowPanel } from './node_modules/@grafana/schema/dist/types';
import type * as stat from './node_modules/@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/types.gen';
import type * as stateTimeline from './node_modules/@grafana/schema/dist/types/raw/composable/statetimeline/panelcfg/x/types.gen';
import type * as table from './node_modules/@grafana/schema/dist/types/raw/composable/table/panelcfg/x/types.gen';
import type * as timeSeries from './node_modules/@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/types.gen';

// JSON holds the values of enums, not their names.
type Plain<T> = T extends string ? `${T}` : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;

type Defaults<Custom> = Omit<Plain<FieldConfigSource['defaults']>, 'custom'> & { custom?: Plain<Custom> };

// What one field has of its own, by its name.
interface Override {
  matcher: { id: 'byName'; options: string };
  properties: { id: string; value: unknown }[];
}

// A query to Prometheus, as its data source plugin reads it.
interface Target {
  refId: string;
  datasource: DataSourceRef;
  expr: string;
  legendFormat: string;
  format?: 'table' | 'time_series' | 'heatmap';
  instant?: boolean;
  range?: boolean;
}

type Typed<Type extends string, Options, Custom> = Omit<Plain<Panel>, 'type' | 'options' | 'fieldConfig' | 'targets'> & {
  type: Type;
  title: string;
  description: string;
  options: Plain<Options>;
  fieldConfig: { defaults: Defaults<Custom>; overrides: Override[] };
  targets: Target[];
};

type CheckedPanel =
  | Typed<'timeseries', timeSeries.Options, timeSeries.FieldConfig>
  | Typed<'stat', stat.Options, Record<string, never>>
  | Typed<'table', table.Options, table.FieldConfig>
  | Typed<'state-timeline', stateTimeline.Options, stateTimeline.FieldConfig>
  | (Omit<Plain<RowPanel>, 'type'> & { type: 'row' });

export type CheckedDashboard = Omit<Plain<Dashboard>, 'panels'> & { panels: CheckedPanel[] };
