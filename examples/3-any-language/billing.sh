#!/usr/bin/env bash
# Pulls its messages, for a program that cannot listen: with bash, curl and sed alone.
gateway=http://127.0.0.1:3000

ask() { # path, body, further options of curl
  curl --silent --show-error --fail-with-body -H 'Content-Type: application/json' -d "$2" "${@:3}" "$gateway$1"
}
field() { # name: of the pulled message, whose body is text within JSON
  sed -n "s/.*\"$1\\\\*\":\\\\*\"\{0,1\}\([^\"\\\\,}]*\).*/\1/p" <<<"$pulled"
}

while true; do
  pulled=$(ask /deliveries/pull '{"max":1,"waitMs":20000}') || { sleep 1; continue; }
  lease=$(field lease)
  if [ -z "$lease" ]; then
    continue
  elif [ "$(field attempt)" = 1 ]; then # As if the database were away: littoral leases the message again.
    ask /deliveries/settle "{\"retry\":[{\"lease\":\"$lease\",\"reason\":\"the database is away\"}]}" >/dev/null
    continue
  elif [ "$(field Message-Routing-Key)" = billing.detailsWereChanged ]; then
    echo "$(field executorId) changed the details of person $(field personId)"
  else
    echo "person $(field personId) now has the billing details $(field billingDetails)"
    # Message-Parent-Id: the event inherits the headers of the command. Without an answer of 202, the lease ends.
    ask /events/billing.detailsWereChanged "{\"personId\":\"$(field personId)\"}" \
      -H "Message-Parent-Id: $(field Message-Id)" >/dev/null || continue
  fi
  ask /deliveries/settle "{\"done\":[\"$lease\"]}" >/dev/null
done
