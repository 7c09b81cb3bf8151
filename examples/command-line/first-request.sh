dpop-core keygen
dpop-core token "$ISSUER" --issuer --resource "$API" --out token
dpop-core fetch "$API/things" --token-file token
dpop-core fetch "$API/things" --token-file token --verbose 2> log
dpop-core explain log --token-file token
