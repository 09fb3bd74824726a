package chaos

import (
	"fmt"
	"slices"
	"strings"
)

// Select returns the trials of the short campaign or all, and of these those that
// are named, if any are: names separated by commas.
func Select(trials []Trial, short bool, names string) ([]Trial, error) {
	if short {
		trials = slices.DeleteFunc(slices.Clone(trials), func(t Trial) bool { return !t.Short })
	}
	if names == "" {
		return trials, nil
	}
	var selected []Trial
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(trials, func(t Trial) bool { return t.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("no trial is called %q; see --list", name)
		}
		selected = append(selected, trials[i])
	}
	return selected, nil
}
