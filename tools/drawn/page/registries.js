// What Grafana fills in when it starts: settings of fields that can be overridden, and
// the transformations that the dashboards use.
import { identityOverrideProcessor, Registry, standardTransformers, standardTransformersRegistry } from '@grafana/data';

const standard = ['unit', 'decimals', 'min', 'max', 'mappings', 'thresholds', 'links', 'color', 'noValue', 'displayName'];
const custom = ['width', 'minWidth', 'cellOptions', 'align', 'axisSoftMin', 'axisSoftMax'];

const item = (path, isCustom) => ({
  id: isCustom ? `custom.${path}` : path,
  path,
  isCustom,
  name: path,
  process: identityOverrideProcessor,
  shouldApply: () => true,
  editor: () => null,
  override: () => null,
});

export const fieldSettings = new Registry(() => [...standard.map((path) => item(path, false)), ...custom.map((path) => item(path, true))]);

// Which settings of dashboards are not among them, and would be dropped without a word.
export function unknownOverrides(panel) {
  return panel.fieldConfig.overrides.flatMap(({ properties }) => properties.map(({ id }) => id)).filter((id) => !fieldSettings.getIfExists(id));
}

export function fillRegistries() {
  const { mergeTransformer, organizeFieldsTransformer } = standardTransformers;
  standardTransformersRegistry.setInit(() => [mergeTransformer, organizeFieldsTransformer].map((transformation) => ({ id: transformation.id, name: transformation.name, transformation: () => Promise.resolve(transformation), editor: () => null })));
}
