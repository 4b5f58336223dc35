import { listOf, shellCases } from './shell-cases.ts'
import type { CompletionTable } from './table.ts'

/** For bash 4.4 or newer; needs nothing else. */
export function printBash(table: CompletionTable): string {
  const names = table.commands.map((command) => command.names[0])
  return `# bash completion for holdfast. Made by: holdfast completion bash

${shellCases(table)}

_holdfast() {
  local cur='' typed='' prefix='' command='' kind='' inline='' taken='' only='' home='' word='' i place=0
  local -a words=() list=() options=() hints=()
  COMPREPLY=()
  _holdfast_words

  # The command, and what stands before this word.
  for ((i = 1; i < \${#words[@]} - 1; i++)); do
    word=\${words[i]}
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
      place=$((place + 1))
    fi
  done

  typed=$cur
  if [[ -n $taken ]]; then
    _holdfast_value "$command" "$taken"
  elif [[ -z $only && $cur == --*=* ]]; then
    _holdfast_value "$command" "\${cur%%=*}"
    typed=\${cur#*=}
    prefix=\${cur%%=*}=
  elif [[ -z $only && $cur == -* ]]; then
    _holdfast_options "$command"
    kind=words list=("\${options[@]}")
  elif [[ -z $command ]]; then
    kind=words list=(${listOf(names)})
  else
    _holdfast_operand "$command" "$place"
  fi

  case $kind in
    files) compopt -o default ;;
    directories) compopt -o dirnames ;;
    units)
      if [[ $typed == */* ]]; then _holdfast_names unit; else _holdfast_names service app; fi
      _holdfast_reply ;;
    labels)
      # After a comma follows another one.
      if [[ $typed == *,* ]]; then
        prefix+=\${typed%,*},
        typed=\${typed##*,}
      fi
      _holdfast_names label
      _holdfast_reply ;;
    words) _holdfast_reply ;;
  esac
}

# Sets words and cur as they were typed: bash parts them at = and : as well.
_holdfast_words() {
  local line=\${COMP_LINE:0:COMP_POINT} word i
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    # Of the last word, what stands before the cursor.
    ((i == COMP_CWORD)) && word=\${line:0:\${#word}}
    if ((i > 0)) && [[ $line != [[:space:]]* && ($word == [=:]* || \${words[-1]} == *[=:]) ]]; then
      words[-1]+=$word
    else
      line=\${line#"\${line%%[![:space:]]*}"}
      ((i == COMP_CWORD)) && word=$line
      words+=("$word")
    fi
    line=\${line#"$word"}
  done
  cur=\${words[-1]}
}

# KIND…: sets list to the names of these kinds that the daemon of this home tells.
_holdfast_names() {
  local directory=\${home:-\${HOLDFAST_HOME-}} line kind
  local -a lines=()
  if [[ -n $directory ]]; then directory=\${directory/#\\~\\//$HOME/}/run
  elif ((EUID == 0)); then directory=/run/holdfast
  elif [[ \${XDG_RUNTIME_DIR-} == /* ]]; then directory=$XDG_RUNTIME_DIR/holdfast
  elif [[ \${XDG_STATE_HOME-} == /* ]]; then directory=$XDG_STATE_HOME/holdfast/run
  else directory=$HOME/.local/state/holdfast/run; fi
  [[ -r $directory/names ]] && mapfile -t lines <"$directory/names"
  for kind; do
    for line in "\${lines[@]}"; do
      [[ $line == "$kind "* ]] && list+=("\${line#* }")
    done
  done
}

# Offers what of list begins with what was typed, quoted as it has to be.
_holdfast_reply() {
  local quote='' word broken=''
  case $typed in
    \\'* | \\"*) quote=\${typed:0:1} typed=\${typed:1} ;;
    *) typed=\${typed//\\\\/} ;;
  esac
  # What stands before the last = or : bash keeps by itself.
  [[ $cur == *=* && $COMP_WORDBREAKS == *=* ]] && broken=\${cur%=*}=
  [[ \${cur#"$broken"} == *:* && $COMP_WORDBREAKS == *:* ]] && broken+=\${cur#"$broken"} broken=\${broken%:*}:
  for word in "\${list[@]}"; do
    [[ $word == "$typed"* ]] || continue
    [[ -n $quote ]] || printf -v word %q "$word"
    word=$prefix$word
    COMPREPLY+=("\${word#"$broken"}")
  done
  # More follows these.
  if ((\${#COMPREPLY[@]} == 1)) && [[ \${COMPREPLY[0]} == *[/=] ]]; then compopt -o nospace; fi
}

complete -F _holdfast holdfast
`
}
