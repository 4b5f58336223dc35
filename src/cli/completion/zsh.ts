import { quoted, shellCases } from './shell-cases.ts'
import type { CompletionTable } from './table.ts'

/** For zsh 5 with its completion system. */
export function printZsh(table: CompletionTable): string {
  const described = table.commands.map(({ names: [name], what }) => quoted(`${name}:${what}`))
  return `#compdef holdfast
# zsh completion for holdfast. Made by: holdfast completion zsh

${shellCases(table)}

_holdfast() {
  local command='' kind='' inline='' taken='' only='' home='' word=''
  local -a list options hints
  integer i place=0

  # The command, and what stands before this word.
  for ((i = 2; i < CURRENT; i++)); do
    word=\${(Q)words[i]}
    if [[ -n $taken ]]; then
      [[ $taken == --home ]] && home=$word
      taken=''
    elif [[ -z $only && $word == -- ]]; then
      only=1
    elif [[ -z $only && $word == --home=* ]]; then
      home=\${word#*=}
    elif [[ -z $only && $word == -?* ]]; then
      _holdfast_value "$command" "\${word%%=*}"
      [[ -n $kind && -z $inline && $word != *=* ]] && taken=$word
    elif [[ -z $command ]]; then
      command=$word
    else
      place+=1
    fi
  done

  kind=''
  if [[ -n $taken ]]; then
    _holdfast_value "$command" "$taken"
  elif [[ -z $only && $PREFIX == --*=* ]]; then
    _holdfast_value "$command" "\${PREFIX%%=*}"
    compset -P 1 '*='
  elif [[ -z $only && $PREFIX == -* ]]; then
    _holdfast_options "$command"
    for ((i = 1; i <= \${#options}; i++)); do list+=("\${options[i]}:\${hints[i]}"); done
    _describe -o option list
    return
  elif [[ -z $command ]]; then
    list=(${described.join(' ')})
    _describe -t commands command list
    return
  else
    _holdfast_operand "$command" $place
  fi

  case $kind in
    files) _files ;;
    directories) _files -/ ;;
    words) compadd -a list ;;
    labels)
      compset -P '*,'
      _holdfast_names label && compadd -a list ;;
    units)
      if [[ $PREFIX == */* ]]; then
        _holdfast_names unit && compadd -a list
        return
      fi
      _holdfast_names service && compadd -a list
      # More follows these.
      _holdfast_names app && compadd -S '' -a list ;;
  esac
}

# KIND: sets list to the names of this kind that the daemon of this home tells.
_holdfast_names() {
  local directory=\${home:-\${HOLDFAST_HOME-}} line
  if [[ -n $directory ]]; then directory=\${directory/#\\~\\//$HOME/}/run
  elif ((EUID == 0)); then directory=/run/holdfast
  elif [[ \${XDG_RUNTIME_DIR-} == /* ]]; then directory=$XDG_RUNTIME_DIR/holdfast
  elif [[ \${XDG_STATE_HOME-} == /* ]]; then directory=$XDG_STATE_HOME/holdfast/run
  else directory=$HOME/.local/state/holdfast/run; fi
  list=()
  [[ -r $directory/names ]] || return 1
  local -a lines=("\${(@f)$(<$directory/names)}")
  list=("\${(@)\${(@M)lines:#$1 *}#$1 }")
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _holdfast "$@"; else compdef _holdfast holdfast; fi
`
}
