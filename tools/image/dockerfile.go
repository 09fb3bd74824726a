package image

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// FromDockerfile returns the image that the last stage of a Dockerfile makes, without
// name and architecture. Its files are taken from the programs, paths of this machine, by
// their base names. It knows FROM scratch, COPY of one file, USER, EXPOSE and ENTRYPOINT
// as a list; anything else is an error, for the image would not be the same.
func FromDockerfile(text []byte, programs ...string) (Image, error) {
	i := Image{Files: map[string]string{}}
	scratch := false
	for line := range strings.Lines(string(text)) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if instruction == "" || strings.HasPrefix(instruction, "#") {
			continue
		}
		if instruction == "FROM" {
			i, scratch = Image{Files: map[string]string{}}, rest == "scratch"
			continue
		}
		if !scratch {
			continue // of a stage that builds
		}
		if err := i.apply(instruction, rest, programs); err != nil {
			return Image{}, fmt.Errorf("%s %s: %w", instruction, rest, err)
		}
	}
	switch {
	case !scratch:
		return Image{}, errors.New("the last stage of the Dockerfile is not FROM scratch")
	case len(i.Files) != len(programs):
		return Image{}, fmt.Errorf("the Dockerfile copies %d files, not %v", len(i.Files), programs)
	}
	return i, nil
}

func (i *Image) apply(instruction, rest string, programs []string) error {
	switch words := strings.Fields(rest); {
	case instruction == "COPY" && len(words) == 3 && strings.HasPrefix(words[0], "--from="):
		at := slices.IndexFunc(programs, func(p string) bool { return filepath.Base(p) == path.Base(words[1]) })
		if at < 0 {
			return errors.New("this program is not given")
		}
		i.Files[words[2]] = programs[at]
		return nil
	case instruction == "USER" && len(words) == 1:
		i.User = words[0]
		return nil
	case instruction == "EXPOSE":
		for _, port := range words {
			if !strings.Contains(port, "/") {
				port += "/tcp"
			}
			i.Ports = append(i.Ports, port)
		}
		return nil
	case instruction == "ENTRYPOINT" && strings.HasPrefix(rest, "["):
		return json.Unmarshal([]byte(rest), &i.Entrypoint)
	}
	return errors.New("not known here")
}
