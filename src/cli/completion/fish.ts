import type { CompletedCommand, CompletedOption, CompletedValue, CompletionTable } from './table.ts'

/** For fish 3. */
export function printFish({ commands, common }: CompletionTable): string {
  return `# fish completion for holdfast. Made by: holdfast completion fish

# COMMAND: its options, each with what it is for.
function __holdfast_options -a command
    switch "$command"
${commands.map(optionsCase).join('\n')}
        case '*'
            ${described(common.map(({ names: [name], what }) => [name, what]))}
    end
end

# COMMAND OPTION: of what kind its value is, and from the second line on the words. Nothing where it has no value.
function __holdfast_value -a command option
    switch "$command $option"
${[...common.flatMap((option) => valueCase(['*'], option)), ...commands.flatMap((command) => ownOptions(command, common).flatMap((option) => valueCase(command.names, option)))].join('\n')}
    end
end

# COMMAND PLACE: the same for an operand, of which the first has place 0.
function __holdfast_operand -a command place
    switch "$command/$place"
${commands.flatMap(operandCases).join('\n')}
    end
end

function __holdfast_complete
    set -l current (commandline -ct)
    set -l command ''
    set -l taken ''
    set -l only ''
    set -l home ''
    set -l place 0
    # The command, and what stands before this word.
    for word in (commandline -opc)[2..]
        if test -n "$taken"
            test "$taken" = --home; and set home $word
            set taken ''
        else if test -z "$only" -a "$word" = --
            set only 1
        else if test -z "$only"; and string match -q -- '--home=*' $word
            set home (string replace -- --home= '' $word)
        else if test -z "$only"; and string match -q -- '-?*' $word
            if not string match -q -- '*=*' $word
                set -l value (__holdfast_value "$command" $word)
                if set -q value[1]; and not string match -q 'inline*' $value[1]
                    set taken $word
                end
            end
        else if test -z "$command"
            set command $word
        else
            set place (math $place + 1)
        end
    end

    if test -n "$taken"
        __holdfast_offer "$home" '' "$current" (__holdfast_value "$command" $taken)
    else if test -z "$only"; and string match -q -- '--*=*' $current
        set -l parts (string split -m 1 -- = $current)
        __holdfast_offer "$home" "$parts[1]=" "$parts[2]" (__holdfast_value "$command" $parts[1])
    else if test -z "$only"; and string match -q -- '-*' $current
        __holdfast_options "$command"
    else if test -z "$command"
        ${described(commands.map(({ names: [name], what }) => [name, what]))}
    else
        __holdfast_offer "$home" '' "$current" (__holdfast_operand "$command" $place)
    end
end

# HOME PREFIX TYPED KIND WORD…: one candidate on each line.
function __holdfast_offer -a home prefix typed kind
    switch (string replace inline- '' -- "$kind")
        case words
            __holdfast_with "$prefix" $argv[5..]
        case files
            __fish_complete_path "$typed"
        case directories
            __holdfast_with "$prefix" (__fish_complete_directories "$typed")
        case labels
            # After a comma follows another one.
            __holdfast_with "$prefix"(string match -r -- '.*,' $typed; or echo) (__holdfast_names "$home" label)
        case units
            if string match -q -- '*/*' $typed
                __holdfast_names "$home" unit
            else
                __holdfast_names "$home" service
                __holdfast_names "$home" app
            end
    end
end

# PREFIX WORD…: each with what stands before it.
function __holdfast_with -a prefix
    for word in $argv[2..]
        printf '%s\\n' "$prefix$word"
    end
end

# HOME KIND: the names of this kind that the daemon of this home tells.
function __holdfast_names -a home kind
    set -l directory "$home"
    test -z "$directory"; and set directory "$HOLDFAST_HOME"
    if test -n "$directory"
        set directory (string replace -r -- '^~/' "$HOME/" $directory)/run
    else if test (id -u) = 0
        set directory /run/holdfast
    else if string match -q -- '/*' "$XDG_RUNTIME_DIR"
        set directory $XDG_RUNTIME_DIR/holdfast
    else if string match -q -- '/*' "$XDG_STATE_HOME"
        set directory $XDG_STATE_HOME/holdfast/run
    else
        set directory $HOME/.local/state/holdfast/run
    end
    test -r $directory/names; and string match -r -g -- "^$kind (.*)" <$directory/names
end

complete -c holdfast -f -a '(__holdfast_complete)'
`
}

function optionsCase({ names, options }: CompletedCommand): string {
  return [
    `        case ${names.map(quoted).join(' ')}`,
    `            ${described(options.map(({ names: [name], what }) => [name, what]))}`,
  ].join('\n')
}

/** A line of printf for candidates, each with what it is. */
function described(pairs: readonly (readonly [string, string])[]): string {
  return `printf '%s\\t%s\\n' ${pairs.map(([name, what]) => `${quoted(name)} ${quoted(what)}`).join(' ')}`
}

function ownOptions({ options }: CompletedCommand, common: readonly CompletedOption[]): readonly CompletedOption[] {
  return options.filter(({ names: [name] }) => !common.some((other) => other.names[0] === name))
}

function valueCase(commands: readonly string[], { names, value, isInline }: CompletedOption): readonly string[] {
  if (value === null) return []
  const patterns = commands.flatMap((command) => names.map((name) => quoted(`${command} ${name}`)))
  return [`        case ${patterns.join(' ')}\n            ${printed(value, isInline ? 'inline-' : '')}`]
}

function operandCases({ names, operands, isLastRepeated }: CompletedCommand): readonly string[] {
  return operands.flatMap((value, place) => {
    if (value === null) return []
    const isLast = place === operands.length - 1
    const patterns = names.map((name) => quoted(`${name}/${isLast && isLastRepeated ? '*' : place}`))
    return [`        case ${patterns.join(' ')}\n            ${printed(value, '')}`]
  })
}

function printed(value: CompletedValue, mark: string): string {
  const words = value.kind === 'words' ? [`${mark}words`, ...value.words] : [mark + value.kind]
  return `printf '%s\\n' ${words.map(quoted).join(' ')}`
}

/** As fish reads it back. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
