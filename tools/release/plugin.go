package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// pluginFile is the manifest by which krew installs the program as `kubectl vitals`.
const pluginFile = "vitals.yaml"

// plugin is that manifest, as far as it is used.
type plugin struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   map[string]string `json:"metadata"`
	Spec       pluginSpec        `json:"spec"`
}

type pluginSpec struct {
	Version          string           `json:"version"`
	Homepage         string           `json:"homepage"`
	ShortDescription string           `json:"shortDescription"`
	Description      string           `json:"description"`
	Platforms        []pluginPlatform `json:"platforms"`
}

type pluginPlatform struct {
	Selector pluginSelector `json:"selector"`
	URI      string         `json:"uri"`
	SHA256   string         `json:"sha256"`
	Bin      string         `json:"bin"`
	Files    []pluginFiles  `json:"files"`
}

type pluginSelector struct {
	MatchLabels map[string]string `json:"matchLabels"`
}

type pluginFiles struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// archive is the name of the archive of a platform.
func (r *release) archive(p platform) string {
	if p.system == "windows" {
		return r.name() + "." + p.hyphened() + ".zip"
	}
	return r.name() + "." + p.hyphened() + ".tar.gz"
}

// writePlugin writes the manifest, with the digests of the archives in the folder.
func (r *release) writePlugin(out string) error {
	m := plugin{
		APIVersion: "krew.googlecontainertools.github.com/v1alpha2", Kind: "Plugin", Metadata: map[string]string{"name": "vitals"},
		Spec: pluginSpec{
			Version: "v" + r.version, Homepage: project, ShortDescription: "Name the cause of a cluster's illness",
			Description: "Looks at a cluster once and says what is wrong, with evidence and what to run first:\n\n" +
				"  kubectl vitals check\n  kubectl vitals explain KubeVitalsNodeNotReady node=worker-1\n\nIt never writes to the cluster.\n",
		},
	}
	for _, p := range r.platforms {
		sum, err := digest(filepath.Join(out, r.archive(p)))
		if err != nil {
			return err
		}
		m.Spec.Platforms = append(m.Spec.Platforms, pluginPlatform{
			Selector: pluginSelector{map[string]string{"os": p.system, "arch": p.architecture}},
			URI:      project + "/releases/download/v" + r.version + "/" + r.archive(p), SHA256: sum, Bin: program(p),
			Files: []pluginFiles{
				{From: r.name() + "." + p.hyphened() + "/" + program(p), To: "."},
				{From: r.name() + "." + p.hyphened() + "/LICENSE", To: "."},
			},
		})
	}
	text, err := yaml.Marshal(m)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, pluginFile), text, 0o644)
}

// checkPlugin verifies that the manifest leads to each archive of the program, by its
// digest and to files that are in it.
func (f *released) checkPlugin() error {
	text, err := os.ReadFile(filepath.Join(f.dir, pluginFile))
	if err != nil {
		return err
	}
	var m plugin
	if err := yaml.UnmarshalStrict(text, &m); err != nil {
		return fmt.Errorf("%s: %w", pluginFile, err)
	}
	if m.Spec.Version != "v"+f.version || len(m.Spec.Platforms) != len(f.programs) {
		return fmt.Errorf("%s: it is of %s and %d platforms, want v%s and %d", pluginFile, m.Spec.Version, len(m.Spec.Platforms), f.version, len(f.programs))
	}
	var errs []error
	for _, p := range m.Spec.Platforms {
		name := p.URI[strings.LastIndex(p.URI, "/")+1:]
		if sum, err := digest(filepath.Join(f.dir, name)); err != nil || sum != p.SHA256 {
			errs = append(errs, fmt.Errorf("%s: the digest of %s is %s: %w", pluginFile, name, sum, err))
			continue
		}
		all, err := readArchive(filepath.Join(f.dir, name))
		errs = append(errs, err)
		for _, wanted := range p.Files {
			if _, ok := all[wanted.From]; !ok {
				errs = append(errs, fmt.Errorf("%s: %s has no %s", pluginFile, name, wanted.From))
			}
		}
	}
	return errors.Join(errs...)
}
