package main

import "io"

const completionHelp = `Print what lets a shell complete commands, flags and their values:

  kubevitals completion bash >/usr/share/bash-completion/completions/kubevitals
  kubevitals completion zsh >/usr/share/zsh/site-functions/_kubevitals
  kubevitals completion fish >/usr/share/fish/vendor_completions.d/kubevitals.fish

For the shell that runs alone: source <(kubevitals completion bash).`

const manHelp = `Print the manual page, for a file kubevitals.1:

  kubevitals man | man -l -`

// completions are the scripts of the shells. They ask the program, as those of kingpin
// do, but for what may follow upon the words before the one that is typed: half a name of
// a command says nothing to it, beside a command that is the default. The shell then
// leaves what begins as was typed.
func completions() map[string]string {
	return map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}
}

const (
	bashCompletion = `_kubevitals() {
    local typed="${COMP_WORDS[COMP_CWORD]}" flags=()
    [[ $typed == -* ]] && flags=(--)
    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" --completion-bash "${COMP_WORDS[@]:1:COMP_CWORD-1}" "${flags[@]}" 2>/dev/null)" -- "$typed"))
}
complete -F _kubevitals -o default kubevitals
`
	zshCompletion = `#compdef kubevitals

_kubevitals() {
    local -a flags found
    [[ $words[CURRENT] == -* ]] && flags=(--)
    found=(${(f)"$($words[1] --completion-bash $words[2,CURRENT-1] $flags 2>/dev/null)"})
    compadd -a found || _files
}

if [[ $funcstack[1] == _kubevitals ]]; then
    _kubevitals "$@"
else
    compdef _kubevitals kubevitals
fi
`
	fishCompletion = `function __kubevitals_complete
    set -l words (commandline -opc)
    set -l flags
    string match -q -- '-*' (commandline -ct); and set flags --
    $words[1] --completion-bash $words[2..-1] $flags 2>/dev/null
end
complete -c kubevitals -a '(__kubevitals_complete)'
`
)

func (c *command) shellCommands() {
	e := c.app.Command(completionName, completionHelp)
	e.Arg("shell", "The shell: bash, zsh or fish.").Required().
		HintOptions("bash", "zsh", "fish").EnumVar(&c.shell, "bash", "zsh", "fish")
	c.app.Command(manName, manHelp)
}

// runCompletion prints the script of the shell.
func (c *command) runCompletion() error {
	_, err := io.WriteString(c.stdout, completions()[c.shell])
	return err
}
