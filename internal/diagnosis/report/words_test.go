package report

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// TestWordsHaveTheSameVerbs compares the formats of both languages.
func TestWordsHaveTheSameVerbs(t *testing.T) {
	t.Parallel()
	verb := regexp.MustCompile(`%[a-z]`)
	for english, chinese := range inChinese() {
		if want, got := verb.FindAllString(english, -1), verb.FindAllString(chinese, -1); !slices.Equal(want, got) {
			t.Errorf("%q has the verbs %v, and %q has %v", english, want, chinese, got)
		}
		if strings.Contains(english, "`-o json`") != strings.Contains(chinese, "`-o json`") {
			t.Errorf("%q and %q have other code", english, chinese)
		}
	}
}

// TestEachSentenceIsTranslated reads this package for what it says, and looks each up.
func TestEachSentenceIsTranslated(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	own, said := inChinese(), 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		eachCall(t, file, func(call *ast.CallExpr) {
			name := ""
			switch f := call.Fun.(type) {
			case *ast.SelectorExpr:
				name = f.Sel.Name
			case *ast.Ident:
				name = f.Name
			}
			if name != "say" && name != "add" && name != "list" || len(call.Args) == 0 {
				return
			}
			literal, ok := call.Args[0].(*ast.BasicLit)
			if !ok {
				return
			}
			format, err := strconv.Unquote(literal.Value)
			if said++; err != nil || own[format] == "" {
				t.Errorf("%s: %q has no words in Chinese: %v", file, format, err)
			}
		})
	}
	if said < 50 {
		t.Errorf("only %d sentences were found", said)
	}
}

// TestNoSentenceGoesAroundWords verifies that text for people is not printed past say.
func TestNoSentenceGoesAroundWords(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"text.go", "overview.go", "details.go", "remarks.go", "incidents.go", "unavailable.go", "markdown.go"} {
		eachCall(t, file, func(call *ast.CallExpr) {
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"line", "text", "after", "Sprintf"}, f.Sel.Name) {
				return
			}
			for _, arg := range call.Args {
				literal, ok := arg.(*ast.BasicLit)
				if ok && strings.ContainsFunc(regexp.MustCompile(`%ssh|%[-*]*[a-z]|\\[a-z0-9]+|kubevitals check`).ReplaceAllString(literal.Value, ""), unicode.IsLetter) {
					t.Errorf("%s: %s is not said in both languages", file, literal.Value)
				}
			}
		})
	}
}

// eachCall reads a file and passes on each call of a function in it.
func eachCall(t *testing.T, file string, do func(*ast.CallExpr)) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			do(call)
		}
		return true
	})
}
