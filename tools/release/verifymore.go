package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

func sum(content []byte) string { return fmt.Sprintf("%x", sha256.Sum256(content)) }

// checkBOM verifies that a bill of materials can be read, is that of the program with
// the digest, and names every module of it with a licence.
func checkBOM(name string, info *buildinfo.BuildInfo, digest string) (err error) {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(f, cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		return fmt.Errorf("bill of materials: %w", err)
	}
	if bom.Metadata == nil || bom.Metadata.Properties == nil || bom.Components == nil {
		return errors.New("bill of materials: it does not say what it is of, or what there is")
	}
	if !slices.ContainsFunc(*bom.Metadata.Properties, func(p cdx.Property) bool {
		return strings.HasSuffix(p.Name, "binary:hash:SHA-256") && p.Value == digest
	}) {
		return fmt.Errorf("bill of materials: it is not of the program with the digest %s", digest)
	}
	var got []string
	for _, c := range *bom.Components {
		if c.Licenses == nil || len(*c.Licenses) == 0 {
			return fmt.Errorf("bill of materials: %s has no licence", c.Name)
		}
		if c.Name != stdlib {
			got = append(got, c.Name+" "+c.Version)
		}
	}
	want := deps(info)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		return fmt.Errorf("bill of materials: it names %v, and the program is made of %v", got, want)
	}
	return nil
}

// checkImage verifies that the image has a part for each program of Linux, which is that
// program, and how it runs.
func (f *released) checkImage(parts []imagePart) error {
	var errs []error
	seen := map[platform]bool{}
	for _, part := range parts {
		seen[part.platform] = true
		c := part.config.Config
		if !slices.Equal(c.Entrypoint, []string{"/kubevitals"}) || c.User != "65534:65534" {
			errs = append(errs, fmt.Errorf("image %s: it runs %v as %q", part.platform, c.Entrypoint, c.User))
		}
		if c.Labels["org.opencontainers.image.version"] != f.version || len(c.Labels["org.opencontainers.image.revision"]) < 7 {
			errs = append(errs, fmt.Errorf("image %s: its labels are %v", part.platform, c.Labels))
		}
		files := map[string]string{}
		for _, l := range part.layers {
			for name, digest := range l.files {
				files[name] = digest
			}
		}
		if len(files) != 3 || files["licenses/LICENSE"] == "" || files["licenses/"+noticeFile] == "" {
			errs = append(errs, fmt.Errorf("image %s: its files are %v", part.platform, files))
		}
		if files["kubevitals"] != f.programs[part.platform] {
			errs = append(errs, fmt.Errorf("image %s: its program is another than that of the archive", part.platform))
		}
	}
	for p := range f.programs {
		if p.system == "linux" && !seen[p] {
			errs = append(errs, fmt.Errorf("there is no image for %s", p))
		}
	}
	return errors.Join(errs...)
}

// checkPacks verifies that rules, dashboards, runbooks and the chart can be unpacked, and
// are there.
func (f *released) checkPacks() error {
	var errs []error
	for suffix, wanted := range map[string][]string{
		".mixin.tar.gz": {"/alerts/kubevitals-alerts.yaml", "/rules/kubevitals-rules.yaml", "/runbooks/", "/dashboards/"},
		".tgz":          {"kubevitals/Chart.yaml", "kubevitals/values.yaml", "kubevitals/values.schema.json", "kubevitals/templates/"},
	} {
		all, err := readArchive(f.path(suffix))
		errs = append(errs, err)
		for _, part := range wanted {
			found := false
			for name := range all {
				found = found || strings.Contains(name, part)
			}
			if !found {
				errs = append(errs, fmt.Errorf("%s holds no %s", f.path(suffix), part))
			}
		}
	}
	return errors.Join(errs...)
}
