package runbook_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/internal/diagnosis/runbook"
)

func TestFill(t *testing.T) {
	t.Parallel()
	labels := map[string]string{"node": "a'b; rm -rf /", "empty": "", "esc": "a\x1b[2J", "cut": "a\x03", "bytes": "\xff"}
	const filled = `'a'\''b; rm -rf /'`
	for _, test := range []struct{ name, script, want string }{
		{"assignment", "NODE='<node>'\n", "NODE=" + filled + "\n"},
		{"two", "A='<node>'; B='<empty>'", "A=" + filled + "; B=''"},
		{"unknown", "A='<another node>'", "A='<another node>'"},
		{"escape sequence", "A='<esc>'", "A='<esc>'"},
		{"interrupt", "A='<cut>'", "A='<cut>'"},
		{"not UTF-8", "A='<bytes>'", "A='<bytes>'"},
		{"in double quotes", `A="'<node>'"`, `A="'<node>'"`},
		{"in a command in double quotes", `A="$(echo '<node>')"`, `A="$(echo ` + filled + `)"`},
		{"in quotes in a command in quotes", `A="$(echo "'<node>'")"`, `A="$(echo "'<node>'")"`},
		{"after a command in quotes", `A="$(a "b" '(' )" '<node>'`, `A="$(a "b" '(' )" ` + filled},
		{"after a case in quotes", `A="$(case a in a) echo;; esac)" '<node>'`, `A="$(case a in a) echo;; esac)" '<node>'`},
		{"after quotes in a variable", `"${A:-"'<node>'"}"`, `"${A:-"'<node>'"}"`},
		{"after a variable", `"${A%%/*}" '<node>'`, `"${A%%/*}" ` + filled},
		{"escaped quotes", `A=\"'<node>'\"`, `A=\"` + filled + `\"`},
		{"escaped quote", `A=\''<node>'`, `A=\'` + filled},
		{"ANSI", `A=$'<node>'`, `A=$'<node>'`},
		{"after ANSI", `A=$'\'' '<node>'`, `A=$'\'' ` + filled},
		{"comment", "a # it's '<node>'\n'<node>'", "a # it's '<node>'\n" + filled},
		{"not a comment", `"a"#'<node>'`, `"a"#` + filled},
		{"length", `echo ${#A} '<node>'`, `echo ${#A} ` + filled},
		{"here-document", "cat <<E\n'<node>'\nE\n", "cat <<E\n'<node>'\nE\n"},
		{"here-string", "cat <<<'<node>'", "cat <<<" + filled},
		{"backticks", "`echo '<node>'`", "`echo '<node>'`"},
		{"word with more", "'a<node>'", "'a<node>'"},
		{"open quote", "'<node>", "'<node>"},
		{"not quoted", "<node>", "<node>"},
		{"backslash at the end", `'<node>' \`, filled + ` \`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, runbook.Fill(test.script, labels)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzFill fills values into scripts and lets a real shell say what it makes of
// them: one word, the value itself.
func FuzzFill(f *testing.F) {
	for _, value := range []string{
		"", "a", "a'b; rm -rf /", "$(id)", "`id`", `\`, `'`, `'\''`, `"`, "$HOME", "a b  c", "*", "~", "#", "-n", "é", "'; exit 1; '",
	} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, script := range []string{`A='<v>'; printf '%s|' "$A" '<v>'`, `A="$(printf '%s' '<v>')"; printf '%s|' "$A" '<v>'`} {
			filled := runbook.Fill(script, map[string]string{"v": value})
			if filled == script && value != "<v>" {
				// Refused: nothing of the value is in the script.
				continue
			}
			out, err := exec.CommandContext(t.Context(), "sh", "-c", filled).CombinedOutput()
			if want := strings.Repeat(value+"|", 2); err != nil || string(out) != want {
				t.Fatalf("%q makes %q, error %v, which prints %q", value, filled, err, out)
			}
		}
	})
}

func TestPlaceholders(t *testing.T) {
	t.Parallel()
	got := runbook.Placeholders("A='<node>'; B='<another node>' \"'<no>'\" 'a' '<>' '<1>' '<a|b>'")
	if diff := cmp.Diff([]string{"node", "another node", "1"}, got); diff != "" {
		t.Error(diff)
	}
}
