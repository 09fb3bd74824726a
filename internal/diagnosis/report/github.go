package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
)

var (
	// message and property are what workflow commands of GitHub Actions cannot hold.
	message  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// GitHub writes a result as annotations of a workflow of GitHub Actions: an error, a
// warning or a notice for each incident and a warning for what could not be read. The
// result in one line comes last.
func GitHub(w io.Writer, r *diagnosis.Result) error {
	var b strings.Builder
	annotate := func(kind, title, text string) {
		fmt.Fprintf(&b, "::%s title=%s::%s\n", kind, property.Replace(plain(title)), message.Replace(text))
	}
	kinds := map[string]string{"critical": "error", "warning": "warning", "info": "notice"}
	for _, one := range r.Incidents {
		text := plain(one.Summary)
		if follows := words(nil).consequences(one); follows != "" {
			text += "\nLikely consequences: " + plain(follows)
		}
		annotate(kinds[one.Severity], named(one.Cause), text+"\nRunbook: "+plain(one.Cause.Finding.RunbookURL))
	}
	groups, waiting := byReason(r.Unavailable, r.Absent)
	for _, g := range groups {
		annotate("warning", "kubevitals could not read everything", plain(words(nil).reason(g)))
	}
	if names := words(nil).names(waiting); names != "" {
		annotate("warning", "kubevitals could not read everything", plain("without a source: "+names))
	}
	fmt.Fprintf(&b, "%s\n", plain(words(nil).summary(r)))
	_, err := io.WriteString(w, b.String())
	return err
}
