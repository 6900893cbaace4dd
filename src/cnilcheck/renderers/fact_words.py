"""What the fields of facts, and the closed words in them, are called in each language."""

from __future__ import annotations

from cnilcheck.model.logging_matrix import CATEGORY_NAMES, FIELD_NAMES
from cnilcheck.model.text import Text, french


def _words(table: str) -> dict[str, Text]:
    rows = (line.split("|") for line in table.strip().splitlines())
    return {name.strip(): Text(french(fr.strip()), en.strip()) for name, fr, en in rows}


FIELDS = _words("""
    contacts | adresses | addresses
    adopted | inventés par le visiteur | invented by the visitor
    attempts | essais | attempts
    backups_apart | sauvegarde à l'écart | backup kept apart
    compared | réponses comparées | answers compared
    deleted_when_due | effacement à l'échéance | deletion when due
    differences | différences | differences
    event | événement | event
    extracts_approved | extractions approuvées | extracts approved
    failures | mots de passe faux | wrong passwords
    gap_milliseconds | écart (ms) | gap (ms)
    idle_minutes | minutes sans activité | idle minutes
    kept | connus avant la connexion | known before sign-in
    key_kept_apart | clé tenue à part | key kept apart
    length | longueur | length
    may_be_locked | peut-être bloqué | may be locked
    media_wiped | supports effacés | media wiped
    migration_procedure | procédure de migration | migration procedure
    network_segmented | réseaux séparés | networks separated
    opened | a ouvert une session | opened a session
    declared_after | blocage déclaré après | declared lock after
    overdue_measures | mesures en retard | overdue measures
    papers_sent_encrypted | pièces reçues chiffrées | papers received encrypted
    planted | essai d'un identifiant inventé | an invented identifier was tried
    processor_tools_checked | outils des sous-traitants vérifiés | processors' tools checked
    processors_reviewed | contrôle des sous-traitants | review of processors
    protection | protection | protection
    pseudonyms | pseudonymes | pseudonyms
    restore_tests | essais de restauration | restore tests
    right_password | bon mot de passe | right password
    rights_limited | droits limités au besoin | rights limited to need
    rights_reviewed | revue des droits | review of rights
    risk_analysis | analyse des risques | risk analysis
    still_open | encore ouverte | still open
    test_data | données de test | test data
    tests_before_release | tests avant mise en service | tests before release
    time | temps de réponse | time taken
    whole_address | pour toute l'adresse | for the whole address
    preload | préchargement demandé | preload asked for
    pages | pages lues | pages read
    page | page | page
    insecure | en HTTP | over HTTP
    element | élément HTML | HTML element
    address | adresse | address
    actors | acteurs | actors
    columns | colonnes | columns
    missing | manquant | missing
    role | rôle | role
    certified | certifié HDS | HDS certified
    statements | déclarations | statements
    third_country_access | accès de pays tiers (exigence 29) | third-country access (requirement 29)
    third_country_information | information sur les pays tiers | information on third countries
    third_country_law | droit de pays tiers (exigence 30) | third-country law (requirement 30)
    borne | retrouvé | found
    declared | déclaré | declared
    document | copie | copy
    left_out | champs laissés de côté | fields left out
    published | page publiée | page published
    signed_in_at | connexion faite sur | signed in on
    read | lu à la place | read instead
    unnamed | sans ligne | without a row
    accepted | accepté | accepted
    accepts_plaintext | continue sans chiffrement | goes on without encryption
    activities | activités | activities
    addresses | adresses | addresses
    admitted | origines admises | origins admitted
    after_attempts | après échecs | after failures
    alerting | alertes | alerting
    algorithm | algorithme | algorithm
    anchor | connu de | known to
    answer | réponse | answer
    anti_forgery_token | jeton contre la falsification | anti-forgery token
    article_28 | clauses de l'article 28 | article 28 clauses
    alike | de même longueur | of one length
    asked | demandé | asked for
    attempts_per_day | essais par jour | attempts per day
    authentication | authentification | authentication
    author | auteur | author
    backups_encrypted | sauvegardes chiffrées | backups encrypted
    beside_slow | à côté d'une fonction lente | beside a slow function
    bits | bits | bits
    body | organisme certificateur | certification body
    cache_control | mise en cache | cache control
    calls | appels | calls
    captcha | captcha | captcha
    certificate | certificat | certificate
    character_classes | classes de caractères | character classes
    cipher | chiffrement | cipher
    ciphers | chiffrements | ciphers
    ciphers_received | chiffrements reçus | ciphers received
    ciphers_sent | chiffrements envoyés | ciphers sent
    class | comptes | accounts
    clauses | clauses | clauses
    clock_synchronised | horloge synchronisée | clock synchronised
    complete | liste complète | list complete
    compressions | compressions | compressions
    connections | connexions | connections
    contract | contrat | contract
    cookies | cookies | cookies
    count | nombre | count
    country | pays | country
    covered | couvertes par un certificat | covered by a certificate
    covers_asked | couvre le nom demandé | covers the name asked for
    credentials | avec identifiants | with credentials
    crl | liste de révocation | revocation list
    data_files | fichiers de données | data files
    dated | datés | dated
    days | jours | days
    delay_seconds | attente en secondes | delay in seconds
    detail | détail | detail
    dh_bits | bits Diffie-Hellman | Diffie-Hellman bits
    distinct | différents | distinct
    distribution | distribution | distribution
    documented | documenté | documented
    echoed | renvoie la demande | echoes the request
    early_data | données anticipées (0-RTT) | early data (0-RTT)
    encoding | compression HTTP | HTTP compression
    encrypt_then_mac | chiffre avant d'authentifier | encrypt-then-MAC
    empty_passwords | mots de passe vides | empty passwords
    encrypted | chiffré | encrypted
    encryption_at_rest | chiffrement au repos | encryption at rest
    end | fin | end
    ended_on | maintenance terminée le | maintenance ended on
    entries | entrées | entries
    events | événements | events
    exists | existe | exists
    expected | lignes attendues | lines expected
    expires_on | expire le | expires on
    exponent | exposant | exponent
    extended | usages étendus | extended usage
    extended_master_secret | secret maître étendu | extended master secret
    extensions | extensions | extensions
    factors | facteurs | factors
    fallback_scsv | refus du repli (SCSV) | fallback refused (SCSV)
    files_read | fichiers lus | files read
    advisories | avis de sécurité | security advisories
    ecosystem | origine des paquets | origin of the packages
    fixed_in | corrigé dans | mended in
    flawed | paquets à mettre à jour | packages to update
    flaws | failles | flaws
    newest | avis le plus récent | latest advisory
    packages | paquets | packages
    unclear | comparaisons impossibles | comparisons impossible
    unmended | failles sans correction | flaws without a fix
    date_read | date relue à sa source | date read at its source
    answering | répondent | answering
    closed | fermés | closed
    reply | réponse | reply
    silent | sans réponse | silent
    filtered | sans réponse | silent
    first | première ligne | first line
    forced | imposé | forced
    foreseeable | hasard devinable | chance can be foretold
    form | forme | form
    format | format | format
    found | trouvé | found
    function | fonction | function
    groups | groupes | groups
    hashers | fonctions de mots de passe | password functions
    headers | en-têtes | headers
    holder | titulaire | holder
    holds | contient | holds
    host | machine | host
    host_keys | clés du serveur | host keys
    http_only | HttpOnly | HttpOnly
    indexable | indexable | may be indexed
    include_subdomains | sous-domaines compris | subdomains included
    initial_password_changed | mot de passe initial à changer | initial password must change
    issued_on | délivré le | issued on
    justification | justification | justification
    key_exchange | échange de clés | key exchange
    key_exchanges | échanges de clés | key exchanges
    key_usage | usages de la clé | key usage
    key_usage_critical | usage critique | usage is critical
    keyboard_interactive | dialogue au clavier | keyboard-interactive
    keys | clés | keys
    kind | nature | kind
    last | dernière ligne | last line
    level | niveau | level
    lifetime | durée en secondes | lifetime in seconds
    lines | lignes | lines
    listed | listé | listed
    lockout | blocage après échecs | lockout
    log | journal | log
    log_class | classe du journal | class of log
    mac | intégrité | integrity
    macs | contrôles d'intégrité | integrity checks
    macs_received | contrôles d'intégrité reçus | integrity checks received
    macs_sent | contrôles d'intégrité envoyés | integrity checks sent
    masked | extrait masqué | masked extract
    max_age | durée en secondes | duration in seconds
    maximum_length | longueur maximale | maximum length
    media_type | type de contenu | content type
    method | méthode | method
    methods | méthodes | methods
    minimum_length | longueur minimale | minimum length
    mode | mode | mode
    must_staple | agrafage obligatoire | must staple
    name | nom | name
    names | noms | names
    networks | réseaux | networks
    mended_in | corrigée dans | mended in
    flaw | faille publiée | published flaw
    readers | comptes lecteurs | accounts that read
    busiest | jours les plus chargés | busiest days
    crowded | dossiers les plus ouverts | records opened by most
    tenants | établissements | establishments
    mixed | postes et serveurs mêlés | workstations and servers mixed
    not_after | valable jusqu'au | not after
    not_before | valable à partir du | not before
    number | numéro | number
    ocsp | adresse OCSP | OCSP address
    octets | octets | octets
    off | arrêté dans | off in
    offers_tls | propose TLS | offers TLS
    on | en service dans | on in
    open | ouverts | open
    open_to_all | ouvert à tous | open to all
    operation | opération | operation
    outsourced | confié à un tiers | outsourced
    page_scheme | protocole de la page | scheme of the page
    parameters | paramètres | parameters
    passwords_sent_by | mots de passe envoyés par | passwords sent by
    password | mot de passe | password
    people | personnes, au moins | people, at least
    path | chemin | path
    performed | exercées | performed
    personal | données personnelles | personal data
    place | emplacement | place
    places | emplacements | places
    port | port | port
    positive | positif | positive
    posts_to_scheme | protocole d'envoi | scheme it posts to
    present | présente | present
    product | produit | product
    proof | preuve | proof
    protocol | protocole | protocol
    protocols | protocoles | protocols
    provider | annonceur | provider
    purpose | usage | purpose
    records | enregistrements | records
    redirects_to | redirige vers | redirects to
    reference | référence | reference
    referential | référentiel | framework
    refused | refusé | refused
    region | région | region
    remote | accès à distance | remote access
    repeated | répétés | repeated
    reserved | adresse réservée | reserved address
    reset | réinitialisation | reset
    retention_days | conservation en jours | retention in days
    reversibility | réversibilité | reversibility
    reviewed | relecture | reviewed
    revoked_on_departure | retirés au départ | revoked on departure
    role | rôle | role
    root | root | root
    salt_bits | sel le plus court, en bits | shortest salt in bits
    salted | salé | salted
    same_site | SameSite | SameSite
    secrets | secrets | secrets
    secure | Secure | Secure
    seen | vus | seen
    separated | séparés | kept apart
    sequential | qui se suivent | follow one another
    server_preference | ordre du serveur | server's order
    service | service | service
    session | de session | session cookie
    setting | réglage | setting
    shared | partagés | shared
    shared_salts | sels communs | shared salts
    shared_primes | nombres premiers partagés | shared primes
    sign_in | identification demandée | sign-in asked for
    signal | indice | signal
    signature_hash | hachage de la signature | signature hash
    silences | interruptions | silences
    size | taille en octets | size in bytes
    smallest_visible_minutes | plus petit trou visible, en minutes | smallest visible hole, minutes
    stapled | réponse OCSP agrafée | OCSP answer stapled
    start | début | start
    statements | instructions | statements
    status | code HTTP | HTTP status
    subject | objet | subject
    suites | suites | suites
    tests | tests | tests
    ticket_seconds | durée des tickets, en secondes | life of tickets, seconds
    time_with_zone | heure avec fuseau | time with zone
    total | total | total
    uncertified | sans certificat | without a certificate
    undetermined | non déterminé | undetermined
    begins_in_line | commence au milieu d'une ligne | begins within a line
    gaps | trous | holes
    known | comptes suivis | accounts followed
    left | parti le | left on
    located | avec une adresse | with an address
    nights | nuits | nights
    recognised | noms de la liste | names of the list
    restarts | numérotations reprises | counts begun anew
    samples | premières lignes | first lines
    uses | usages | uses
    usual | d'ordinaire | usual
    text | texte | text
    unparsed | lignes illisibles | unparsed lines
    unread | non lues | unread
    validation | validation | validation
    value | valeur | value
    version | version | version
    who | qui | who
    words | mots | words
    access_network | réseau d'accès | access network
    activity | activité | activity
    alike | nom proche | similar name
    by_provider | dit par le fournisseur | said by the provider
    certified_for | certifiés | certified
    cloud | nuage | cloud
    conflicts | contradictions | conflicts
    coverage | couverture | coverage
    declared | déclaré | declared
    edge | intermédiaire | intermediary
    en | en anglais | in English
    entry | sur la liste importée | on the imported list
    fr | en français | in French
    excluded_by | exclu d'après | excluded according to
    lead | piste | lead
    legal_name | raison sociale | legal name
    list_date | date de la liste | date of the list
    needed | nécessaires | needed
    note | remarque | note
    offer | offre | offer
    offer_activated | offre en vigueur | offer in force
    offers | offres | offers
    origin_declared | origine déclarée | origin declared
    other_entity | autre société du même nom | another company of that name
    performed_by | exercée par | performed by
    questions | à demander | to ask
    rows | lignes | rows
    seen_on | date | date
    signals | indices | signals
    siren | SIREN | SIREN
    sites | sites | sites
    source | source | source
    stores | conserve des données | keeps data
    strength | force de l'indice | strength of the sign
    uncovered | non couvertes | not covered
    upstream | adresse annoncée par | address announced by
    use | usage | use
    ahead | lignes en avance | lines ahead
    at | heure | time
    files | fichiers | files
    network | réseau | network
    steps | pas | steps
    backwards | reculs | steps back
    bursts | rafales | bursts
    category | catégorie | category
    changed | changé pendant la lecture | changed while read
    cut | lignes coupées | lines cut
    ends_in_line | finit au milieu d'une ligne | ends within a line
    failures | échecs | failures
    first_hole | ligne du premier trou | line of the first hole
    holes | trous | holes
    minutes | minutes à l'est d'UTC | minutes east of UTC
    refused | refusés par une limite | refused by a limit
    sha256 | SHA-256 | SHA-256
    walks | parcours | walks
    workstations_encrypted | postes chiffrés | workstations encrypted
    workstations_lock | verrouillage des postes | workstations lock
    anyone | ouvert à tous | open to all
    by_email | demandé par courriel | asked for by e-mail
    by_upload | dépôt proposé | upload offered
    database | base | database
    environment | environnement | environment
    keep_days | durée permise, en jours | days allowed
    late | en retard | late
    named_production | nommée comme la production | named as production
    oldest_days | âge du plus ancien, en jours | age of the oldest, in days
    youngest_days | âge du plus récent, en jours | age of the latest, in days
    papers | pièces | papers
    ports | ports | ports
    resource | ressource | resource
    resource_kind | sorte de ressource | kind of resource
    same_as | la même que | the same as
    workstations_unprivileged | postes sans droits élevés | workstations without high rights
    zones | fuseaux | zones
    complete | lu jusqu'au bout | read to the end
    fields | champs | fields
    field | champ | field
    filled | renseignés | filled
    first_missing | premier sans | first without
    unclassified | sans catégorie | of no category
    what | ce qui a été lu | what was read
    accounts | comptes | accounts
    active | actifs | active
    administrators | administrateurs | administrators
    by_identifier | par le seul identifiant | by identifier alone
    day | jour | day
    created_on | créé le | created on
    generic | comptes génériques | generic accounts
    initial_password_kept | mot de passe initial gardé (lignes) | initial password kept (lines)
    last_used | dernière connexion | last used
    leavers | partis | leavers
    lifetime_minutes | durée en minutes | lifetime in minutes
    renewal | répond à un oubli | answers a forgotten password
    line | ligne | line
    links | liens | links
    passwords | mots de passe (lignes) | passwords (lines)
    scheme | protocole | scheme
    seconds | secondes | seconds
    several_people | plusieurs personnes (lignes) | several people (lines)
    without_second_factor | sans second facteur (lignes) | without a second factor (lines)
    word | mot | word
    absolute_seconds | durée totale de session, en secondes | whole session, seconds
    compared | comparés | compared
    configured_in | réglé dans | configured in
    declared_as | déclaré comme | declared as
    differences | différences | differences
    expires_after_days | expire après (jours) | expires after (days)
    field | champ | field
    idle_seconds | session sans activité, en secondes | unused session, seconds
    looked_for | recherchés | looked for
    read | lu | read
    unlocked_after_seconds | déblocage après, en secondes | unlocked after, seconds
    partly | en partie | in part
    action | action | action
    author_marker | nom inventé | invented name
    delay_seconds | délai en secondes | delay in seconds
    marker | marque | marker
    searched | cherché dans | searched in
    sent_at | fait le | done at
    trace | trace | trace
    append_only | ajout seul | append only
    application | compte de l'application | application's account
    data_days | durée des données, en jours | life of the data, in days
    destinations | destinations | destinations
    enabled | en service | switched on
    file | fichier | file
    group | groupe | group
    here | sur la machine | on the machine
    immutable | verrouillé | locked
    kept | transmis dans | handed on in
    logged | journalisé | logged
    lost | perdu dans | lost in
    on_disk | sur le disque | on disk
    on_full_disk | si le disque est plein | if the disk is full
    owner | propriétaire | owner
    reason | raison | reason
    receivers | prévenus | told
    retention | durées | retention
    rules | règles | rules
    sealed | scellé | sealed
    sent_to | envoyé aussi à | also sent to
    sources | sources | sources
    storage | rangement | storage
    taken_by | repris par | taken over by
    transport | transport | transport
    trusted | crus | believed
    administration | page d'administration | administration page
    arrivals_departures | processus d'arrivée et de départ | arrival and departure process
    assurance | niveau d'assurance | level of assurance
    certificates | certificats | certificates
    challenges | preuves de possession du code (PKCE) | code challenges (PKCE)
    cookie | cookie | cookie
    domain | domaine | domain
    expires | expire | expires
    grants | échanges admis | grants
    hashes | condensats | hashes
    health | données de santé | health data
    idle_minutes | inactivité en minutes | idle minutes
    issuer | émetteur | issuer
    known_secret | secret connu de tous | secret known to all
    least_bits | bits prouvés | bits proven
    levels | niveaux d'assurance | levels of assurance
    longest | plus long | longest
    most_bits | bits au plus | bits at most
    new_patients_per_year | nouveaux patients par an | new patients a year
    paste_blocked | collage refusé | pasting refused
    pattern_bits | bits permis par le motif | bits the pattern lets through
    plain | adresses en HTTP | addresses over HTTP
    professionals_per_year | professionnels par an | professionals a year
    proof_method | preuve de possession du code | code challenge
    response_type | réponse demandée | response asked for
    response_types | réponses admises | response types
    roles | rôles | roles
    sandbox | bac à sable | sandbox
    scheme | protocole | scheme
    scopes | portées | scopes
    secret | secret | secret
    secret_question | question secrète | secret question
    serves | comptes servis | accounts served
    session_minutes | durée de session en minutes | session length in minutes
    shortest | plus court | shortest
    signing | signatures | signatures
    signs | régularités | regularities
    state | valeur de retour (state) | state value
    stated_minimum | longueur annoncée | length announced
    token_bits | bits du jeton au plus | bits of the token at most
    token_repeated | jeton commun à tous | token common to all
    varying | caractères qui varient | characters that vary
    visits | visites | visits
    ways | moyens montrés | ways shown
    wider | au-delà du site | beyond the site
""")

VALUES = {str(name): words for name, words in (*CATEGORY_NAMES.items(), *FIELD_NAMES.items())}
VALUES |= _words("""
    holder | titulaire | holder
    siren | SIREN | SIREN
    body | organisme | body
    referential | référentiel | framework
    issued_on | délivré le | issued on
    expires_on | fin | end
    activities | activités | activities
    accepted | accepté | accepted
    captcha | captcha | captcha
    change | changement de mot de passe | change of password
    compared | comparé | compared
    cookies | cookies | cookies
    delay | attente imposée | imposed wait
    length | longueur | length
    lock | blocage sans message | lock without a message
    message | message | message
    not_compared | non comparé | not compared
    not_tried | non essayé | not tried
    other | other_password | other_password
    password_change | changement de mot de passe | change of password
    put_back | remis | put back
    redirection | page suivante | page that follows
    refusal | refus du serveur | refusal by the server
    reset | mot de passe oublié | forgotten password
    short | début de other_password | beginning of other_password
    sign_in | connexion | sign-in
    sign_up | inscription | sign-up
    status | code de réponse | status
    time | temps de réponse | time taken
    too_noisy | trop variable | too noisy
    unchanged | inchangé | unchanged
    agent | agent | agent
    forbidden_read | consultation interdite | forbidden consultation
    unknown_page | page inexistante | page that does not exist
    declaration | déclaration | declaration
    lines | lignes | lines
    remote_test | essai retrouvé dans le dépôt distant | test found in the remote store
    test | essai | test
    alert | alerte | alert
    auto | selon le dossier | by the folder
    block | blocage | block
    internal_control | contrôle interne | internal control
    legal_duty | obligation légale | legal duty
    persistent | sur le disque | on disk
    short_lived_data | données de courte durée | short-lived data
    volatile | en mémoire | in memory
    absent | absent | absent
    access_denied | accès refusé | access denied
    administration_page | page d'administration | administration page
    administrators | administrateurs | administrators
    application_access | accès applicatifs | application access
    backup | sauvegarde | backup
    backup_archive | archive de sauvegarde | backup archive
    birth_date | date de naissance | birth date
    buckets | espaces de stockage | buckets
    clear_password | mot de passe en clair | password in clear
    client-initiated renegotiation | renégociation par le client | client-initiated renegotiation
    client_certificate | certificat client | client certificate
    configuration | configuration | configuration
    configuration_change | changement de configuration | configuration change
    connection_string | chaîne de connexion | connection string
    consultation | consultation | consultation
    creation | création | creation
    credential | identifiants | credential
    credentials | identifiants | credentials
    daily | chaque jour | daily
    data_extract | extrait de données | data extract
    database_dump | copie de base | database dump
    database_file | fichier de base | database file
    databases | bases | databases
    deletion | suppression | deletion
    diagnostic_page | page de diagnostic | diagnostic page
    document | document | document
    early CCS | CCS prématuré | early CCS
    email | adresse électronique | e-mail
    entries | entrées | entries
    export | exportation | export
    exports | partages | exports
    snmp | SNMP | SNMP
    tftp | TFTP | TFTP
    shares | partages | shares
    extract | extrait | extract
    forced-commands-only | avec une clé, pour des commandes fixées | with a key, for set commands
    hexadecimal | hexadécimal | hexadecimal
    iban | numéro de compte (IBAN) | bank account (IBAN)
    in_person | en personne | in person
    indexes | index | indexes
    keys | clés | keys
    incomplete | chaîne incomplète | incomplete chain
    insecure renegotiation | renégociation non sûre | insecure renegotiation
    invalid | non valable | invalid
    letters_and_digits | lettres et chiffres | letters and digits
    location | lieu | location
    log | journal | log
    log_change | modification des journaux | change of logs
    modification | modification | modification
    modules | modules | modules
    monthly | chaque mois | monthly
    neighbour | document voisin | neighbouring document
    never | jamais | never
    no | non | no
    nir | numéro de sécurité sociale | social security number
    none | aucune | none
    number | nombre | number
    passkey | clé d'accès | passkey
    patients | patients | patients
    password | mot de passe | password
    password_by_email | mot de passe par courriel | password by e-mail
    phone | téléphone | phone
    post | courrier | post
    private_key | clé privée | private key
    pro_sante_connect | Pro Santé Connect | Pro Santé Connect
    prohibit-password | sans mot de passe | without a password
    protected | document protégé | protected document
    push | notification | push
    quarterly | chaque trimestre | quarterly
    redirected | redirigé | redirected
    refused | refusé | refused
    rights_change | changement de droits | change of rights
    rpps | numéro de soignant (RPPS) | caregiver's number (RPPS)
    scope | le périmètre | the scope
    search | recherche | search
    secret_question | question secrète | secret question
    security | sécurité | security
    self_signed | auto-signé | self-signed
    served | servi | served
    sign_in_failure | échec de connexion | failed sign-in
    sign_in_success | connexion réussie | successful sign-in
    sign_out | déconnexion | sign-out
    single_use_link | lien à usage unique | single-use link
    smart_card | carte à puce | smart card
    source_code | code source | source code
    staff | professionnels | staff
    studies | examens | studies
    system | le système | the system
    technical | technique | technical
    test_result | résultat de test | test result
    TLS compression | compression TLS | TLS compression
    token | jeton | token
    topics | sujets | topics
    unknown | inconnu | unknown
    unknown_authority | autorité inconnue | unknown authority
    users | usagers | users
    uuid | UUID | UUID
    valid | valable | valid
    version_control | gestion de versions | version control
    weekly | chaque semaine | weekly
    yearly | chaque année | yearly
    yes | oui | yes
    accredited | homologué | accredited
    base64 | base64 | base64
    basic | mot de passe (HTTP Basic) | password (HTTP Basic)
    change | changement | change
    cookie | cookie | cookie
    counter | compteur | counter
    digest_of_number | condensat d'un nombre | digest of a number
    digest_of_time | condensat de l'heure | digest of the time
    eidas_high | eIDAS élevé | eIDAS high
    eidas_substantial | eIDAS substantiel | eIDAS substantial
    france_connect | FranceConnect | FranceConnect
    one_time_code | code à usage unique | one-time code
    other_address | autre adresse | other address
    other_host | autre machine | other host
    other_service | autre service d'identité | other identity service
    page | page | page
    repeated | répété | repeated
    reset | réinitialisation | reset
    same | le même | the same
    sample | échantillon | sample
    self_contained | contenu signé | signed content
    sign_in | connexion | sign-in
    sign_up | inscription | sign-up
    timestamp | heure | time
    no_third_country_law | aucun accès imposé | no access imposed
    no_transfer | aucun transfert vers un pays tiers | no transfer to a third country
    absent_when_read | dit absent de l'annuaire | said to be absent from the directory
    access_network | réseau d'accès à Internet | network of Internet lines
    asn | réseau | network
    canonical_name | nom canonique | canonical name
    country | pays | country
    database | base de données | database
    mail | courrier électronique | mail
    name | nom | name
    none_known | aucun certificat connu | no certificate known
    not_checked | non recherché | not looked up
    own_patients | ses propres patients | its own patients
    provider_range | plages du fournisseur | provider's ranges
    read_in_directory | dit présent dans l'annuaire | said to be in the directory
    recalled | cité par le passé | named in the past
    recipient | destinataire | recipient
    name_server | serveur de noms | name server
    script | script tiers | third-party script
    images | images de conteneurs | container images
    backup | sauvegarde | backup
    registrant | titulaire inscrit | registrant
    reverse_name | nom inverse | reverse name
    service | service | service
    shared_address | adresse partagée | shared address
    stated_by_provider | se dit certifié | says it is certified
    storage | stockage | storage
    strong | fort | strong
    weak | faible | weak
    clear_transport | sans chiffrement | without encryption
    default_password | mot de passe écrit d'avance | password written in advance
    empty_password | mot de passe vide | empty password
    implicit_flow | flux implicite | implicit flow
    md5_password | MD5 | MD5
    no_password | sans mot de passe | without a password
    no_pkce | sans PKCE | without PKCE
    password_grant | mot de passe confié à l'application | password handed to the application
    second_factor | second facteur | second factor
    bucket_policy | règle d'un espace de stockage | policy of an object store
    security_group | groupe de sécurité | security group
    sign_in_off | connexion coupée | sign-in switched off
    single_factor | un seul facteur | single factor
    from_anywhere | depuis n'importe quelle adresse | from any address
    sms_factor | code par SMS ou par appel | code by SMS or call
    anonymised | anonymisées | anonymised
    encryption | chiffrement | encryption
    hash | hachage sans clé | hash without a key
    invented | inventées | invented
    keyed_hash | hachage avec clé | keyed hash
    production | celles de production | those of production
    random_table | table tirée au hasard | random table
""")
