package cases

import (
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

// Peer is another program, and what it said of the cases when it was last tried.
type Peer struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Named tells of each ill case whether what it says is what an answer must say.
	Named map[string]bool `json:"named"`
}

// LoadPeer reads a result.
func LoadPeer(path string) (p Peer, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return p, err
	}
	if err := yaml.UnmarshalStrict(text, &p); err != nil {
		return p, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// Write writes a result.
func (p Peer) Write(path string) error {
	text, err := yaml.Marshal(p)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644) //nolint:gosec // it is part of the project
}

func (p Peer) named() int {
	n := 0
	for _, ok := range p.Named {
		if ok {
			n++
		}
	}
	return n
}

// String is the result in a sentence.
func (p Peer) String() string {
	return fmt.Sprintf("%s %s names what is wrong in %d of the %d ill clusters", p.Name, p.Version, p.named(), len(p.Named))
}

// verdict is whether the peer names what is wrong in a case, as a table shows it.
func (p Peer) verdict(name string) string {
	switch named, asked := p.Named[name]; {
	case !asked:
		return "–"
	case named:
		return "yes"
	}
	return "no"
}
