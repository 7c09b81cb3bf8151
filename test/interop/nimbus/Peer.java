// Nimbus' DPoP behind HTTP on 127.0.0.1, for tests in another language: a JSON object is posted, a JSON object comes back.
//   /proof       a proof of its factory, and the thumbprint of the key
//   /resource    what its verifier for protected resources says of a proof
//   /token       what its verifier for token requests says of a proof
//   /thumbprint  of a public JWK
// A verifier that refuses is no error here: the answer names the exception. Prints its origin when it is ready.

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.OctetKeyPairGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.oauth2.sdk.dpop.DefaultDPoPProofFactory;
import com.nimbusds.oauth2.sdk.dpop.JWKThumbprintConfirmation;
import com.nimbusds.oauth2.sdk.dpop.verifiers.DPoPIssuer;
import com.nimbusds.oauth2.sdk.dpop.verifiers.DPoPProofUse;
import com.nimbusds.oauth2.sdk.dpop.verifiers.DPoPProtectedResourceRequestVerifier;
import com.nimbusds.oauth2.sdk.dpop.verifiers.DPoPTokenRequestVerifier;
import com.nimbusds.oauth2.sdk.dpop.verifiers.InMemoryDPoPSingleUseChecker;
import com.nimbusds.oauth2.sdk.id.JWTID;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import com.nimbusds.oauth2.sdk.token.DPoPAccessToken;
import com.nimbusds.oauth2.sdk.util.singleuse.SingleUseChecker;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Date;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

public class Peer {
    private static final long CLOCK_SKEW = 15; // seconds
    private static final long MAX_AGE = 60;
    private static final DPoPIssuer CLIENT = new DPoPIssuer("a-client");

    /** All that its verifiers know. */
    private static final Set<JWSAlgorithm> ALGORITHMS = DPoPTokenRequestVerifier.SUPPORTED_JWS_ALGORITHMS;

    private static final SingleUseChecker<DPoPProofUse> USES = new InMemoryDPoPSingleUseChecker(120, 120);

    /** By kind and name. One RSA key is for all of its algorithms: to make one takes long. */
    private static final Map<String, JWK> KEYS = new HashMap<>();

    private interface Answer {
        Map<String, Object> to(Map<String, Object> request) throws Exception;
    }

    public static void main(String[] args) throws IOException {
        System.setProperty("sun.net.httpserver.nodelay", "true"); // or each answer takes 40 ms
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0);
        HttpServer server = HttpServer.create(address, 0);
        server.createContext("/proof", exchange -> answer(exchange, Peer::proof));
        server.createContext("/resource", exchange -> answer(exchange, Peer::resource));
        server.createContext("/token", exchange -> answer(exchange, Peer::token));
        server.createContext("/thumbprint", exchange -> answer(exchange, Peer::thumbprint));
        server.start(); // one request after the other, so that nothing here need be thread-safe
        System.out.println("http://127.0.0.1:" + server.getAddress().getPort());
    }

    private static void answer(HttpExchange exchange, Answer answer) throws IOException {
        int status = 200;
        Map<String, Object> body;
        try {
            String text = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            body = answer.to(JSONObjectUtils.parse(text));
        } catch (Exception e) { // not of a verifier
            e.printStackTrace();
            status = 500;
            body = Map.of("failed", e.toString());
        }
        byte[] bytes = JSONObjectUtils.toJSONString(body).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private static Map<String, Object> proof(Map<String, Object> request) throws Exception {
        JWSAlgorithm algorithm = JWSAlgorithm.parse(text(request, "alg"));
        JWK key = keyOf(algorithm, text(request, "key"));
        Object age = request.get("age"); // seconds
        long issuedAt = System.currentTimeMillis() - (age == null ? 0 : ((Number) age).longValue() * 1000);
        String accessToken = text(request, "accessToken");
        AccessToken token = accessToken == null ? null : new DPoPAccessToken(accessToken);
        SignedJWT proof = new DefaultDPoPProofFactory(key, algorithm).createDPoPJWT(
            new JWTID(), text(request, "method"), URI.create(text(request, "url")), new Date(issuedAt), token, nonce(request));
        return Map.of("proof", proof.serialize(), "jkt", key.computeThumbprint().toString());
    }

    private static Map<String, Object> resource(Map<String, Object> request) throws Exception {
        DPoPProtectedResourceRequestVerifier verifier =
            new DPoPProtectedResourceRequestVerifier(ALGORITHMS, CLOCK_SKEW, MAX_AGE, USES);
        SignedJWT proof = SignedJWT.parse(text(request, "proof"));
        DPoPAccessToken token = new DPoPAccessToken(text(request, "accessToken"));
        JWKThumbprintConfirmation bound = new JWKThumbprintConfirmation(new Base64URL(text(request, "jkt")));
        try {
            URI url = URI.create(text(request, "url"));
            verifier.verify(text(request, "method"), url, CLIENT, proof, token, bound, nonce(request));
            return Map.of("ok", true);
        } catch (Exception e) {
            return refusal(e);
        }
    }

    private static Map<String, Object> token(Map<String, Object> request) throws Exception {
        URI endpoint = URI.create(text(request, "url"));
        DPoPTokenRequestVerifier verifier =
            new DPoPTokenRequestVerifier(ALGORITHMS, endpoint, CLOCK_SKEW, MAX_AGE, USES);
        SignedJWT proof = SignedJWT.parse(text(request, "proof"));
        try {
            JWKThumbprintConfirmation bound = verifier.verify(CLIENT, proof, nonce(request));
            return Map.of("ok", true, "jkt", bound.getValue().toString());
        } catch (Exception e) {
            return refusal(e);
        }
    }

    private static Map<String, Object> refusal(Exception e) {
        return Map.of("ok", false, "exception", e.getClass().getSimpleName(), "message", String.valueOf(e.getMessage()));
    }

    private static Map<String, Object> thumbprint(Map<String, Object> request) throws Exception {
        JWK key = JWK.parse(JSONObjectUtils.getJSONObject(request, "jwk"));
        return Map.of("jkt", key.computeThumbprint().toString());
    }

    private static JWK keyOf(JWSAlgorithm algorithm, String name) throws JOSEException {
        String id = (JWSAlgorithm.Family.RSA.contains(algorithm) ? "RSA" : algorithm) + " " + name;
        JWK kept = KEYS.get(id);
        if (kept != null) return kept;
        JWK made = newKey(algorithm);
        KEYS.put(id, made);
        return made;
    }

    private static JWK newKey(JWSAlgorithm algorithm) throws JOSEException {
        if (JWSAlgorithm.Family.RSA.contains(algorithm)) return new RSAKeyGenerator(2048).generate();
        if (JWSAlgorithm.Family.ED.contains(algorithm)) return new OctetKeyPairGenerator(Curve.Ed25519).generate();
        return new ECKeyGenerator(Curve.forJWSAlgorithm(algorithm).iterator().next()).generate();
    }

    private static Nonce nonce(Map<String, Object> request) throws Exception {
        String nonce = text(request, "nonce");
        return nonce == null ? null : new Nonce(nonce);
    }

    /** Null where there is no such member. */
    private static String text(Map<String, Object> request, String name) throws Exception {
        return JSONObjectUtils.getString(request, name);
    }
}
