package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

func handle(answer http.ResponseWriter, request *http.Request) {
	var body struct{ PersonId, BillingDetails string }
	if json.NewDecoder(request.Body).Decode(&body) != nil || request.Header.Get("Message-Attempt") == "1" {
		answer.WriteHeader(500) // As if the database were away. littoral posts the message again.
	} else if request.URL.Path == "/events/billing.detailsWereChanged" {
		fmt.Println(request.Header.Get("Message-Header-Executor-Id"), "changed the details of person", body.PersonId)
	} else {
		fmt.Println("person", body.PersonId, "now has the billing details", body.BillingDetails)
		event, _ := json.Marshal(map[string]string{"personId": body.PersonId})
		send, _ := http.NewRequest("POST", "http://127.0.0.1:3000/events/billing.detailsWereChanged", bytes.NewReader(event))
		id := request.Header["Message-Id"] // As Message-Parent-Id: the event inherits the headers of the command.
		send.Header = http.Header{"Content-Type": {"application/json"}, "Message-Parent-Id": id}
		published, err := http.DefaultClient.Do(send)
		if err != nil || published.Body.Close() != nil || published.StatusCode != 202 {
			answer.WriteHeader(500)
		}
	}
}

func main() { http.ListenAndServe("127.0.0.1:8080", http.HandlerFunc(handle)) }
