#!/usr/bin/env bash
# Builds the image, tests it, and starts it, on this machine or on another one. Can be repeated: what is there already
# is brought up to date. `./run.sh --help` tells the options.
set -Eeuo pipefail

readonly PLATFORM=linux/amd64
readonly REMOTE_DIR=pshs_dagster # in the home of the account there
readonly WAIT_SECONDS=600        # MySQL's first start takes a minute, and a small machine is slow
readonly SSH_OPTIONS=(-o BatchMode=yes -o ConnectTimeout=20 -o StrictHostKeyChecking=accept-new -o ServerAliveInterval=30)

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
readonly here
target='' pem='' user='' pass_file='' image=pshs_dagster tag=latest init=0 dry_run=0 env_file=$here/.env
step='reading the options'
scratch=''

usage() {
  cat <<'TEXT'
./run.sh --target local | user@host [options]

Builds the image for linux/amd64, runs the tests in it, pushes it (not for local), copies compose.yml and what belongs
to it, starts it, and waits until every container is healthy.

  --target local | user@host  where it is to run
  --ssh-pem FILE              private key for ssh                        [default: as ssh finds it]
  --docker-user NAME          account of the registry ...
  --docker-pass FILE          ... and a file that holds its password     [default: as docker is logged in]
  --image NAME                image, with its registry, e.g. ghcr.io/ann/pshs    [default: pshs_dagster; local only]
  --tag TAG                   its tag                                    [default: latest]
  --env-file FILE             settings, copied as .env to another machine   [default: .env beside this file]
  --init 0|1                  1 loads the history anew, which empties the project's own tables first  [default: 0]
  --dry-run                   print every command and do nothing
TEXT
}

die() {
  printf 'run.sh: %s\n' "$1" >&2
  exit 2
}

on_error() {
  local status=$1
  printf 'run.sh: failed at this step: %s (exit status %s). Put it right and run the same again.\n' "$step" "$status" >&2
  exit "$status"
}
trap 'on_error $?' ERR

clean_up() {
  if [[ -n $scratch ]]; then rm -rf -- "$scratch"; fi
}
trap clean_up EXIT

begin() {
  step=$1
  printf '== %s\n' "$step"
}

# Prints a command as it could be typed, and carries it out unless this is a dry run. Nothing secret is ever among the
# arguments: passwords go by standard input, from files.
run() {
  if ((dry_run)); then
    printf '+'
    printf ' %q' "$@"
    printf '\n'
  else
    "$@"
  fi
}

# The same, with a file as standard input.
run_with_input() {
  local file=$1
  shift
  if ((dry_run)); then
    printf '+'
    printf ' %q' "$@"
    printf ' < %q\n' "$file"
  else
    "$@" <"$file"
  fi
}

# One word for the shell of the other machine, which need not be bash.
quoted() {
  printf "'%s'" "${1//\'/\'\\\'\'}"
}

on_target() { # COMMAND LINE, for a shell there
  run ssh "${ssh_options[@]}" -- "$target" "$1"
}

read_options() {
  while (($#)); do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --dry-run) dry_run=1 && shift && continue ;;
      --target | --ssh-pem | --docker-user | --docker-pass | --image | --tag | --env-file | --init) ;;
      *) die "unknown option: $1 (see --help)" ;;
    esac
    (($# > 1)) || die "$1 needs a value"
    [[ -n $2 ]] || die "$1 has an empty value"
    [[ $2 != -* ]] || die "the value of $1 begins with a dash: $2"
    case $1 in
      --target) target=$2 ;;
      --ssh-pem) pem=$2 ;;
      --docker-user) user=$2 ;;
      --docker-pass) pass_file=$2 ;;
      --image) image=$2 ;;
      --tag) tag=$2 ;;
      --env-file) env_file=$2 ;;
      --init) init=$2 ;;
    esac
    shift 2
  done
}

check_options() {
  [[ -n $target ]] || die '--target is missing: local, or user@host'
  [[ $target == local || $target =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*$ ]] ||
    die "--target is neither local nor user@host: $target"
  [[ $image =~ ^[A-Za-z0-9][A-Za-z0-9._:/-]*$ ]] || die "--image is no name of an image: $image"
  [[ $tag =~ ^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$ ]] || die "--tag is no tag: $tag"
  [[ $init == 0 || $init == 1 ]] || die "--init is 0 or 1, not $init"
  [[ -n $user || -z $pass_file ]] || die '--docker-pass needs --docker-user'
  [[ -n $pass_file || -z $user ]] || die '--docker-user needs --docker-pass, a file that holds the password'
  [[ -z $pass_file || -r $pass_file ]] || die "--docker-pass cannot be read: $pass_file"
  [[ -z $pem || -r $pem ]] || die "--ssh-pem cannot be read: $pem"
  [[ $target == local || $image == */* ]] || die '--image needs its registry, so that the other machine can fetch it'
  [[ -r $env_file ]] || die "no settings at $env_file: copy deploy/env.example there and fill in the passwords"
}

# The value of a setting, as compose reads it from the file; the last line wins.
setting() {
  sed -n -E "s/^[[:space:]]*(export[[:space:]]+)?$1=//p" -- "$env_file" | tail -n 1 |
    sed -E "s/[[:space:]]+(#.*)?\$//; s/^\"(.*)\"\$/\1/; s/^'(.*)'\$/\1/"
}

check_settings() {
  local name value
  profiles=''
  if [[ -n $(setting DATABASE_URI) ]]; then
    return
  fi
  profiles=mysql
  for name in MYSQL_PASSWORD MYSQL_ROOT_PASSWORD; do
    value=$(setting "$name")
    [[ -n $value ]] || die "$name is blank in $env_file; set it, or DATABASE_URI for a database of your own"
    [[ $value =~ ^[A-Za-z0-9_-]+$ ]] || die "$name in $env_file may hold letters, digits, - and _ only"
  done
}

# The registry of the image; blank for Docker Hub.
registry_of_image() {
  local first=${image%%/*}
  if [[ $image == */* && ($first == *.* || $first == *:* || $first == localhost) ]]; then
    printf '%s' "$first"
  fi
}

build_and_test() {
  begin 'building the image'
  run docker buildx build --platform "$PLATFORM" --load --target server --tag "$reference" "$here"
  begin 'building the image with the tests'
  run docker buildx build --platform "$PLATFORM" --load --target test --tag "$reference-test" "$here"
  begin 'running the tests in the image'
  # Chromium needs more shared memory than the 64 MB that a container is given.
  run docker run --rm --platform "$PLATFORM" --shm-size 1g "$reference-test"
}

push() {
  if [[ -n $user ]]; then
    begin 'logging in to the registry'
    # In a folder of its own, so that the password does not stay in the home of who runs this.
    run mkdir -p -- "$scratch/docker"
    run_with_input "$pass_file" env "DOCKER_CONFIG=$scratch/docker" \
      docker login --username "$user" --password-stdin "${registry[@]}"
    begin 'pushing the image'
    run env "DOCKER_CONFIG=$scratch/docker" docker push "$reference"
  else
    begin 'pushing the image'
    run docker push "$reference"
  fi
}

copy() {
  begin "copying compose.yml to $target"
  on_target "mkdir -p -- $REMOTE_DIR/deploy"
  run scp "${ssh_options[@]}" -- "$here/compose.yml" "$target:$REMOTE_DIR/compose.yml"
  run scp "${ssh_options[@]}" -- "$here/deploy/mysql-init.sql" "$here/deploy/nginx.conf" "$target:$REMOTE_DIR/deploy/"
  begin "copying the settings to $target"
  # With what was decided here, so that a plain `docker compose` there means the same. By a new file: one that is
  # there keeps its settings until the new ones have come whole.
  { grep -v -E '^[[:space:]]*(export[[:space:]]+)?(PSHS_IMAGE|COMPOSE_PROFILES)=' -- "$env_file" || true; } >"$scratch/env"
  printf '\nPSHS_IMAGE=%s\nCOMPOSE_PROFILES=%s\n' "$reference" "$profiles" >>"$scratch/env"
  run_with_input "$scratch/env" ssh "${ssh_options[@]}" -- "$target" \
    "umask 077 && cat > $REMOTE_DIR/.env.new && mv -- $REMOTE_DIR/.env.new $REMOTE_DIR/.env"
}

pull() {
  begin "fetching the image on $target"
  if [[ -n $user ]]; then
    local login
    login="docker login --username $(quoted "$user") --password-stdin ${registry[*]:+$(quoted "${registry[*]}")}"
    run_with_input "$pass_file" ssh "${ssh_options[@]}" -- "$target" \
      "DOCKER_CONFIG=\$(mktemp -d) && export DOCKER_CONFIG && trap 'rm -rf \"\$DOCKER_CONFIG\"' EXIT && $login && docker pull $(quoted "$reference")"
  else
    on_target "docker pull $(quoted "$reference")"
  fi
}

compose() {
  if [[ $target == local ]]; then
    # Settings come from the file, and not from what this shell happens to have set.
    run env -u DATABASE_URI -u MYSQL_PASSWORD "PSHS_IMAGE=$reference" "COMPOSE_PROFILES=$profiles" \
      docker compose --project-directory "$here" --file "$here/compose.yml" --env-file "$env_file" "$@"
  else
    local line="cd -- $REMOTE_DIR && docker compose" word
    for word in "$@"; do line+=" $(quoted "$word")"; done
    on_target "$line"
  fi
}

start() {
  begin 'starting, and waiting until every container is healthy'
  local status=0
  compose up --detach --remove-orphans --wait --wait-timeout "$WAIT_SECONDS" || status=$?
  if ((status)); then
    compose ps --all || true
    return "$status"
  fi
  if [[ $init == 1 ]]; then
    begin 'loading the history'
    compose exec -T code pshs init --yes
  fi
}

read_options "$@"
check_options
check_settings
umask 077
scratch=$(mktemp -d)
reference=$image:$tag
read -r -a registry <<<"$(registry_of_image)"
ssh_options=("${SSH_OPTIONS[@]}")
if [[ -n $pem ]]; then ssh_options+=(-i "$pem"); fi

build_and_test
if [[ $target != local ]]; then
  push
  copy
  pull
fi
start
begin 'done'
