package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/generate/bin"
	"github.com/google/uuid"
	"github.com/rs/zerolog"
)

// writeBOM writes what a program is made of, as CycloneDX, by what Go wrote into it.
func (r *release) writeBOM(out string, p platform, program string, modules []component) error {
	generator, err := bin.NewGenerator(program, bin.WithVersionOverride("v"+r.version), bin.WithIncludeStdlib(true), bin.WithLogger(zerolog.Nop()))
	if err != nil {
		return fmt.Errorf("bill of materials for %s: %w", p, err)
	}
	bom, err := generator.Generate()
	if err != nil {
		return fmt.Errorf("bill of materials for %s: %w", p, err)
	}
	sum, err := digest(program)
	if err != nil {
		return err
	}
	// A number of its own for each program, and the same for the same.
	bom.SerialNumber = uuid.NewSHA1(uuid.NameSpaceURL, []byte("kubevitals/"+sum)).URN()
	bom.Metadata.Timestamp = r.at.Format(time.RFC3339)
	bom.Metadata.Component.Licenses = &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}}
	licenses := map[string][]string{}
	for _, m := range modules {
		licenses[m.path] = m.licenses
	}
	for i := range *bom.Components {
		c := &(*bom.Components)[i]
		ids, ok := licenses[c.Name]
		if !ok {
			return fmt.Errorf("bill of materials for %s: nothing is known of the licence of %s", p, c.Name)
		}
		if len(ids) == 1 {
			c.Licenses = &cdx.Licenses{{License: &cdx.License{ID: ids[0]}}}
		} else {
			c.Licenses = &cdx.Licenses{{Expression: strings.Join(ids, " AND ")}}
		}
	}
	return writeFile(filepath.Join(out, r.name()+"."+p.hyphened()+bomSuffix), func(w io.Writer) error {
		return cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetPretty(true).Encode(bom)
	})
}

// bomSuffix is how the file of a bill of materials ends.
const bomSuffix = ".cdx.json"
