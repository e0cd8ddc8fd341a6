# Usage: ask-zsh.zsh FOLDER LINE…: completes each LINE in an interactive zsh that finds its functions in FOLDER, and prints what the line is then.
zmodload zsh/zpty
zpty asked zsh -f -i
zpty -w asked "PROMPT=; RPROMPT=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -d $1/dump; tell() { print -r -- \"<<\$BUFFER>>\"; BUFFER= }; zle -N tell; bindkey '^X' tell; bindkey '^I' expand-or-complete; print rea''dy"
zpty -r asked out '*ready*'
shift
for line; do
  zpty -n -w asked "$line"$'\t'
  zpty -n -w asked $'\x18'
  zpty -r asked out '*<<*>>*'
  print -r -- ${${out##*<<}%%>>*}
done
zpty -d asked
