<?php
// Démonstration de cnilcheck : source inventé. Les secrets viennent de l’environnement du service.
function connexion_base() {
    return pg_connect(sprintf(
        'host=%s dbname=%s user=%s password=%s sslmode=verify-full',
        getenv('DB_HOST'), getenv('DB_NAME'), getenv('DB_USER'), getenv('DB_PASSWORD')
    ));
}

function mot_de_passe_juste($saisi, $enregistre) {
    return password_verify($saisi, $enregistre);
}
