# Completion of mailtrace(1) for bash: subcommands, their options as --help names them, file names.
_mailtrace() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= each
  COMPREPLY=()
  for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $each in
      search | show | import | reparse | status | check | options | spool | expire | dead-letter | user) command=$each; break ;;
    esac
  done
  case $before in
    -c | --config) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    --sort) mapfile -t COMPREPLY < <(compgen -W 'time sender recipient status' -- "$word"); return ;;
    --status)
      mapfile -t COMPREPLY < <(compgen -W 'sent deferred bounced expired rejected blocked greylisted discarded
        filtered held deleted' -- "$word")
      return
      ;;
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" $command --help 2>/dev/null |
      grep -oE '(^|[ ,])--?[a-z][a-z-]*' | tr -d ' ,')" -- "$word")
  elif [[ -z $command ]]; then
    mapfile -t COMPREPLY < <(compgen -W 'search show import reparse status check options spool expire dead-letter user' -- "$word")
  elif [[ $command == spool && $before == spool ]]; then
    mapfile -t COMPREPLY < <(compgen -W 'verify dump salvage' -- "$word")
  elif [[ $command == dead-letter && $before == dead-letter ]]; then
    mapfile -t COMPREPLY < <(compgen -W 'list retry' -- "$word")
  elif [[ $command == user && $before == user ]]; then
    mapfile -t COMPREPLY < <(compgen -W 'add list password role addresses lock unlock remove token' -- "$word")
  elif [[ $command == import || $command == spool ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}
complete -o filenames -F _mailtrace mailtrace
