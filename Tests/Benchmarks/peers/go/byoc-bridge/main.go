// A minimal bridge between a Matrix homeserver and CXone, on 127.0.0.1:PORT, with net/http: check the token, claim in the store, create the
// message, finish the claim, acknowledge; and the other way round. The peer of the messaging rows.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"peers/byoc"
)

type bridge struct {
	client   *http.Client
	cxone    string
	channel  string
	store    string
	platform string
	lock     sync.Mutex
	token    string
}

func main() {
	b := &bridge{
		client: byoc.Client(4500 * time.Millisecond), cxone: os.Getenv("CXONE"),
		channel: os.Getenv("CHANNEL"), store: os.Getenv("STORE"), platform: os.Getenv("PLATFORM")}
	mux := http.NewServeMux()
	mux.HandleFunc("/webhook/", b.webhook)
	mux.HandleFunc("/byoc/1.0/token", b.giveToken)
	mux.HandleFunc("/byoc/2.0/channel/", b.outbound)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), mux))
}

// MARK: The platform's messages

func (b *bridge) webhook(w http.ResponseWriter, r *http.Request) {
	if !hmac.Equal([]byte(r.Header.Get("Authorization")), []byte("Bearer "+os.Getenv("HS_TOKEN"))) {
		http.Error(w, `{"errcode":"M_FORBIDDEN"}`, http.StatusForbidden)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	message, err := byoc.ReadTransaction(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	tag, isNew, err := b.claim("inbound-" + message.ID)
	if err != nil {
		http.Error(w, "store", http.StatusServiceUnavailable)
		return
	}
	if !isNew {
		io.WriteString(w, "{}")
		return
	}
	contact, err := b.create(message)
	if err != nil {
		b.release("inbound-"+message.ID, tag)
		if status, ok := err.(*byoc.Status); ok && status.RetryAfter != "" {
			w.Header().Set("Retry-After", status.RetryAfter)
		}
		http.Error(w, "later", http.StatusServiceUnavailable)
		return
	}
	b.finish("inbound-"+message.ID, tag, []byte(`{"contact":"`+contact+`"}`))
	io.WriteString(w, "{}")
}

func (b *bridge) create(message byoc.Message) (string, error) {
	body, err := json.Marshal(message)
	if err != nil {
		return "", err
	}
	var answer struct {
		Message struct {
			Contact string `json:"contactNumber"`
		} `json:"message"`
	}
	for try := 0; ; try++ {
		token, err := b.access(try > 0)
		if err != nil {
			return "", err
		}
		request, err := http.NewRequest("POST", b.cxone+"/dfo/3.0/channels/"+b.channel+"/messages", bytes.NewReader(body))
		if err != nil {
			return "", err
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer "+token)
		err = byoc.Exchange(b.client, request, &answer)
		if status, ok := err.(*byoc.Status); ok && status.Code == 401 && try == 0 {
			continue
		}
		return answer.Message.Contact, err
	}
}

func (b *bridge) access(renew bool) (string, error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.token == "" || renew {
		token, err := byoc.SignIn(b.client)
		if err != nil {
			return "", err
		}
		b.token = token
	}
	return b.token, nil
}

// MARK: The store

func (b *bridge) put(key string, value []byte, condition, tag string) (*http.Response, error) {
	request, err := http.NewRequest("PUT", b.store+"/cache/"+url.PathEscape(key), bytes.NewReader(value))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("STORE_SECRET"))
	request.Header.Set("Cache-Lifetime", "86400")
	request.Header.Set(condition, tag)
	response, err := b.client.Do(request)
	if err == nil {
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	return response, err
}

func (b *bridge) claim(key string) (tag string, isNew bool, err error) {
	response, err := b.put(key, []byte(`{"state":"running"}`), "If-None-Match", "*")
	if err != nil {
		return "", false, err
	}
	if response.StatusCode != http.StatusNoContent && response.StatusCode != http.StatusPreconditionFailed {
		return "", false, fmt.Errorf("store: %d", response.StatusCode)
	}
	return response.Header.Get("ETag"), response.StatusCode == http.StatusNoContent, nil
}

func (b *bridge) finish(key, tag string, value []byte) { b.put(key, value, "If-Match", tag) }

func (b *bridge) release(key, tag string) {
	request, err := http.NewRequest("DELETE", b.store+"/cache/"+url.PathEscape(key), nil)
	if err != nil {
		return
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("STORE_SECRET"))
	request.Header.Set("If-Match", tag)
	if response, err := b.client.Do(request); err == nil {
		response.Body.Close()
	}
}

// MARK: The agent's messages

func (b *bridge) giveToken(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Secret string `json:"client_secret"`
	}
	if json.NewDecoder(r.Body).Decode(&asked) != nil || !hmac.Equal([]byte(asked.Secret), []byte(os.Getenv("BYOC_SECRET"))) {
		http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
		return
	}
	until := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token":"%s.%s","token_type":"Bearer","expires_in":3600}`, until, b.seal(until))
}

func (b *bridge) seal(text string) string {
	digest := hmac.New(sha256.New, []byte(os.Getenv("AS_TOKEN")))
	digest.Write([]byte("token " + text))
	return hex.EncodeToString(digest.Sum(nil))
}

func (b *bridge) isToken(field string) bool {
	until, seal, found := strings.Cut(strings.TrimPrefix(field, "Bearer "), ".")
	seconds, err := strconv.ParseInt(until, 10, 64)
	return found && err == nil && time.Now().Unix() < seconds && hmac.Equal([]byte(seal), []byte(b.seal(until)))
}

func (b *bridge) outbound(w http.ResponseWriter, r *http.Request) {
	if !b.isToken(r.Header.Get("Authorization")) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "token", http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	var asked struct {
		Thread  byoc.Thread  `json:"thread"`
		Content byoc.Content `json:"messageContent"`
	}
	if err != nil || json.Unmarshal(body, &asked) != nil {
		http.Error(w, "body", http.StatusBadRequest)
		return
	}
	sum := sha256.Sum256(body)
	id := hex.EncodeToString(sum[:16])
	tag, _, err := b.claim("outbound-" + id)
	if err != nil {
		http.Error(w, "store", http.StatusServiceUnavailable)
		return
	}
	request, err := byoc.Delivery(b.platform, id, asked.Thread.ID, asked.Content.Payload.Text)
	if err != nil {
		http.Error(w, "body", http.StatusBadRequest)
		return
	}
	var sent struct {
		ID string `json:"event_id"`
	}
	if err := byoc.Exchange(b.client, request, &sent); err != nil {
		b.release("outbound-"+id, tag)
		http.Error(w, "platform", http.StatusBadGateway)
		return
	}
	b.finish("outbound-"+id, tag, []byte(`{"state":"done"}`))
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{
		"message": map[string]string{"idOnExternalPlatform": sent.ID, "createdAtWithMilliseconds": byoc.Now()},
		"thread":  asked.Thread, "endUserIdentities": []any{map[string]string{"idOnExternalPlatform": "@person:bench.example"}},
		"recipients": []any{map[string]string{"idOnExternalPlatform": "@person:bench.example"}},
	})
}
